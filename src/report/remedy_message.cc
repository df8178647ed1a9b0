#include <fmt/format.h>

#include <algorithm>

#include "enums.h"
#include "messages.h"
#include "mirror_advice.h"

namespace tagdrift::report {
namespace {

/// One remedy in words.
class RemedyWriter {
 public:
  RemedyWriter(const judge::Remedy& remedy, const JudgedTag& tag, const Round& round, const Invocation& invocation)
      : remedy_(remedy),
        tag_(tag),
        reference_(tag.facts.image.reference),
        route_(round.routes.at(reference_.registry())),
        round_(round),
        invocation_(invocation) {}

  v1::Remedy Write() {
    message_.set_kind(ToProto(remedy_.kind));
    if (remedy_.host) message_.set_host(Host().Url());
    switch (remedy_.kind) {
      case judge::RemedyKind::kNone:
        break;
      case judge::RemedyKind::kPurgeMirror:
        Purge();
        break;
      case judge::RemedyKind::kFixHostsToml:
        FixHostsToml();
        break;
      case judge::RemedyKind::kRefresh:
        Refresh();
        break;
      case judge::RemedyKind::kProvideCredentials:
        ProvideCredentials();
        break;
      case judge::RemedyKind::kNameOrigin:
        NameOrigin();
        break;
      case judge::RemedyKind::kWait:
        message_.set_detail("the registry limits requests; ask again later");
        if (remedy_.until) *message_.mutable_until() = Timestamp(*remedy_.until);
        break;
      case judge::RemedyKind::kRestartWorkload:
      case judge::RemedyKind::kPinDigest:
      case judge::RemedyKind::kSetPullPolicy:
        break;  // of a container, see WorkloadRemedyMessage
    }
    return std::move(message_);
  }

 private:
  const hosts::RegistryHost& Host() const { return *route_.hosts[*remedy_.host]; }

  hosts::Product Product() const {
    const auto& answer = tag_.result.hosts[*remedy_.host].answer;
    return answer ? answer->product : hosts::Product::kUnknown;
  }

  /// What deletes at a mirror takes all tags of a digest along: this is advice, never a command.
  void Purge() {
    message_.set_repository(reference_.repository());
    message_.set_tag(reference_.tag().value_or(""));
    message_.set_detail(fmt::format("make {} ask for {}:{} anew: {}", Host().Url(), reference_.repository(),
                                    reference_.tag().value_or(""), HowToPurge(Product())));
  }

  void FixHostsToml() {
    message_.set_file(remedy_.file);
    message_.set_line(remedy_.line);
    std::string detail;
    switch (remedy_.fix) {
      case judge::Fix::kAsNoted:
        detail = remedy_.what;
        break;
      case judge::Fix::kTakeResolve:
        detail = TakeResolve();
        break;
      case judge::Fix::kTrustCa:
        detail = TrustCa();
        break;
    }
    const hosts::RegistryHost* host = remedy_.host ? &Host() : nullptr;
    const std::string generator =
        WhoWrites(remedy_.file, round_.node.runtime.version, host, host ? Product() : hosts::Product::kUnknown);
    message_.set_detail(generator.empty() ? detail : detail + "; " + generator);
  }

  std::string TakeResolve() const {
    if (route_.config.directory.empty()) {
      return fmt::format(
          "{} is a mirror in containerd's old table, where each of them resolves tags: name it in a hosts.toml below a "
          "`config_path` instead, with capabilities = [\"pull\"], so that tags come from the hosts after it",
          Host().Url());
    }
    return fmt::format(
        "take `resolve` from the capabilities of {} (capabilities = [\"pull\"]), so that tags come from the hosts "
        "after it and content still from it",
        Host().Url());
  }

  std::string TrustCa() const {
    const std::string why =
        fmt::format("no authority that this node trusts has signed the certificate of {}: ", Host().Url());
    if (remedy_.file.empty()) {
      return why + fmt::format("write a hosts.toml for {} with server = \"{}://{}\" and ca = \"FILE\"",
                               route_.config.registry, Host().scheme, Host().host);
    }
    return why + (Host().role == hosts::HostRole::kServer ? "add ca = \"FILE\" at the top of the file, beside `server`"
                                                          : "add ca = \"FILE\" to the host's table");
  }

  void Refresh() {
    std::string detail = "bring the origin's image and point the tag to it on this node (--yes does what is planned)";
    std::vector<std::string> arguments;
    if (remedy_.goes_back) {
      detail += "; it was built before the one that is here";
      arguments = {"--to", tag_.result.origin_digest->text()};
    }
    if (remedy_.is_private) {
      detail += "; it needs credentials, and afterwards every pod on this node can use it without";
      arguments.emplace_back("--allow-private");
    }
    arguments.push_back(reference_.Canonical());
    message_.set_detail(detail);
    message_.set_command(invocation_.Command("refresh", arguments));
  }

  void ProvideCredentials() {
    const hosts::RegistryHost& host = Host();
    const std::string& registry = route_.config.registry;
    const std::string give = fmt::format("give tagdrift credentials for {} (--auth-file FILE)", host.host);
    const bool is_other_host = host.host != registry && host.host != hosts::DefaultHostName(registry);
    if (host.role == hosts::HostRole::kMirror) {
      message_.set_detail(
          fmt::format("{}; containerd offers this mirror those of {} too, tagdrift does not", give, registry));
    } else if (HasCredentials(is_other_host ? host.host : registry)) {
      message_.set_detail(fmt::format("the credentials that there are for {} do not open it", host.host));
    } else if (is_other_host && HasCredentials(registry)) {
      OfferCredentials(host, give);
    } else {
      message_.set_detail(give + NearMiss(host.host));
    }
  }

  bool HasCredentials(const std::string& host) const {
    return std::ranges::binary_search(round_.credential_hosts, host);
  }

  /// As containerd does, but not where anyone on the way reads along.
  void OfferCredentials(const hosts::RegistryHost& host, const std::string& give) {
    const auto& answer = tag_.result.hosts[*remedy_.host].answer;
    const std::string there_are =
        fmt::format("there are credentials for {}; containerd would offer them to this host", route_.config.registry);
    if (host.scheme == "http" || (answer && answer->over_http)) {
      message_.set_detail(
          fmt::format("{}, tagdrift does not over http, where anyone on the way can read them; {}", there_are, give));
      return;
    }
    message_.set_detail(there_are + ", tagdrift only with --share-credentials");
    message_.set_command(invocation_.Command(
        "check", {"--share-credentials", host.host + "=" + route_.config.registry, reference_.Canonical()}));
  }

  /// The hosts that there are credentials for, those that differ in the port only first.
  std::string NearMiss(const std::string& host) const {
    constexpr std::size_t kShown = 3;
    std::vector<std::string> names = round_.credential_hosts;
    if (names.empty()) return "";
    std::stable_partition(names.begin(), names.end(),
                          [&](const std::string& name) { return WithoutPort(name) == WithoutPort(host); });
    std::string text = "; there are some for ";
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + names[i];
    if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
    return text;
  }

  static std::string WithoutPort(const std::string& host) {
    return host.ends_with(']') ? host : host.substr(0, host.rfind(':'));
  }

  void NameOrigin() {
    const std::string& registry = route_.config.registry;
    std::string url = "https://" + hosts::DefaultHostName(registry) + "/v2";
    if (remedy_.host) {
      url = Host().Url();
      message_.set_detail(fmt::format("compare with {} itself: fresh then means as fresh as this mirror", url));
    } else {
      message_.set_host(url);
      message_.set_detail(fmt::format("compare with {} itself, where this node can reach it", registry));
    }
    // The option appends /v2 to any other path.
    if (!url.ends_with("/v2")) return;
    message_.set_command(invocation_.Command("check", {"--origin", registry + "=" + url, reference_.Canonical()}));
  }

  const judge::Remedy& remedy_;
  const JudgedTag& tag_;
  const image::Reference& reference_;
  const judge::Route& route_;
  const Round& round_;
  const Invocation& invocation_;
  v1::Remedy message_;
};

}  // namespace

v1::Remedy RemedyMessage(const judge::Remedy& remedy, const JudgedTag& tag, const Round& round,
                         const Invocation& invocation) {
  return RemedyWriter(remedy, tag, round, invocation).Write();
}

}  // namespace tagdrift::report
