#include <fmt/format.h>

#include "enums.h"
#include "messages.h"

namespace tagdrift::report {
namespace {

/// The tag's digest at `host` is what has to go there.
void Purge(const JudgedTag& tag, const judge::Route& route, std::size_t host, v1::Remedy& message) {
  const hosts::RegistryHost& mirror = *route.hosts[host];
  const image::Reference& reference = tag.facts.image.reference;
  message.set_host(mirror.Url());
  message.set_repository(reference.repository());
  message.set_tag(reference.tag().value_or(""));
  message.set_detail(
      fmt::format("make {} forget its copy of {}:{} (by its own cache purge, or by deleting the manifest)",
                  mirror.Url(), reference.repository(), *reference.tag()));
  const auto& digest = tag.result.next_pull.pull.digest;
  if (digest) {
    message.set_command(
        fmt::format("curl -fsS -X DELETE '{}/{}/manifests/{}'", mirror.Url(), reference.repository(), digest->text()));
  }
}

/// A mirror has credentials of its own, or may have the registry's as in a pull.
void ProvideCredentials(const judge::Remedy& remedy, const image::Reference& reference, const judge::Route& route,
                        v1::Remedy& message) {
  const bool to_mirror = remedy.host && route.hosts[*remedy.host]->role == hosts::HostRole::kMirror;
  if (to_mirror) {
    const std::string& mirror = route.hosts[*remedy.host]->host;
    message.set_detail(fmt::format("give tagdrift credentials for {}, or let it have those of {}, as containerd does",
                                   mirror, reference.registry()));
    message.set_command(fmt::format("tagdrift check --auth-file CONFIG.JSON --share-credentials {}={} {}", mirror,
                                    reference.registry(), reference.Canonical()));
    return;
  }
  message.set_detail("give tagdrift credentials that may read the repository");
  message.set_command(fmt::format("tagdrift check --auth-file CONFIG.JSON {}", reference.Canonical()));
}

}  // namespace

v1::Remedy RemedyMessage(const judge::Remedy& remedy, const JudgedTag& tag, const judge::Route& route) {
  v1::Remedy message;
  message.set_kind(ToProto(remedy.kind));
  const image::Reference& reference = tag.facts.image.reference;
  if (remedy.host) message.set_host(route.hosts[*remedy.host]->Url());
  switch (remedy.kind) {
    case judge::RemedyKind::kNone:
      break;
    case judge::RemedyKind::kPurgeMirror:
      if (remedy.host) Purge(tag, route, *remedy.host, message);
      break;
    case judge::RemedyKind::kFixHostsToml:
      message.set_file(remedy.file);
      message.set_line(remedy.line);
      message.set_detail(remedy.what);
      break;
    case judge::RemedyKind::kRefresh:
      message.set_detail("bring the origin's image and point the tag to it on this node");
      message.set_command("tagdrift refresh " + reference.Canonical());
      break;
    case judge::RemedyKind::kProvideCredentials:
      ProvideCredentials(remedy, reference, route, message);
      break;
    case judge::RemedyKind::kNameOrigin:
      message.set_detail("say which host the tags are compared with, be it that same mirror");
      message.set_command(
          fmt::format("tagdrift check --origin {}=URL {}", reference.registry(), reference.Canonical()));
      break;
    case judge::RemedyKind::kWait:
      message.set_detail("the registry limits requests; ask again later");
      if (remedy.until) *message.mutable_until() = Timestamp(*remedy.until);
      break;
  }
  return message;
}

}  // namespace tagdrift::report
