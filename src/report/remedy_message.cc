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
      message.set_command("tagdrift refresh --yes " + reference.Canonical());
      break;
    case judge::RemedyKind::kProvideCredentials:
      message.set_detail("give tagdrift credentials that may read the repository");
      message.set_command(fmt::format("tagdrift check --auth-file CONFIG.JSON {}", reference.Canonical()));
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
