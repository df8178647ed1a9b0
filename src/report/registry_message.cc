#include <algorithm>
#include <string>

#include "enums.h"
#include "messages.h"
#include "prose.h"
#include "tagdrift/report/printable.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

/// Whether the values of configured headers are shown: any of them may let whoever has it act as the node.
enum class Secrets { kHidden, kShown };

v1::RegistryHost HostConfigMessage(const hosts::RegistryHost& host, Secrets secrets) {
  v1::RegistryHost message;
  message.set_url(host.Url());
  message.set_role(ToProto(host.role));
  if (host.capabilities.Has(hosts::Capability::kPull)) message.add_capabilities("pull");
  if (host.capabilities.Has(hosts::Capability::kResolve)) message.add_capabilities("resolve");
  if (host.capabilities.Has(hosts::Capability::kPush)) message.add_capabilities("push");
  message.set_skip_verify(host.SkipsVerification());
  message.set_http_fallback(host.http_fallback);
  for (const auto& [name, values] : host.headers) {
    const bool hidden = secrets == Secrets::kHidden;
    google::protobuf::ListValue& list = (*message.mutable_headers())[name];
    for (const std::string& value : values) list.add_values()->set_string_value(hidden ? "(hidden)" : value);
  }
  message.set_file(host.file);
  message.set_line(host.line);
  return message;
}

v1::HostSummary Summary(const judge::Route& route, std::size_t host, const Round& round, v1::RegistryReport& registry) {
  v1::HostSummary summary;
  summary.set_url(route.hosts[host]->Url());
  absl::Duration slowest = absl::ZeroDuration();
  for (const JudgedTag& tag : round.tags) {
    if (tag.facts.image.reference.registry() != route.config.registry || host >= tag.result.hosts.size()) continue;
    const judge::HostResult& result = tag.result.hosts[host];
    ++(*summary.mutable_states())[v1::HostState_Name(ToProto(result.state))];
    if (!result.answer) continue;
    summary.set_tags_asked(summary.tags_asked() + 1);
    slowest = std::max(slowest, result.answer->latency);
    if (result.first_answer) {
      v1::Note& note = *registry.add_notes();
      note.set_kind(v1::NOTE_KIND_REFRESHED_BY_ASKING);
      note.set_severity(v1::SEVERITY_WARNING);
      note.set_detail(route.hosts[host]->Url() + " changed its answer for " + tag.facts.image.reference.Canonical() +
                      " when it was asked again: first " + AnswerText(*result.first_answer));
    }
  }
  *summary.mutable_slowest() = Duration(slowest);
  return summary;
}

bool WantedCredentials(const judge::HostResult& result) {
  return result.state == judge::HostState::kDenied && result.answer && result.answer->status != 403;
}

/// containerd gives the credentials of a pull, which the kubelet names no host for, to every host that answers 401.
/// To do the same is a decision about whoever runs the mirror, for which no option is put together here.
void AddCredentialNote(const judge::Route& route, std::size_t host, const Round& round, v1::RegistryReport& message) {
  const hosts::RegistryHost& mirror = *route.hosts[host];
  if (mirror.role != hosts::HostRole::kMirror) return;
  const bool wanted = std::ranges::any_of(round.tags, [&](const JudgedTag& tag) {
    return tag.facts.image.reference.registry() == route.config.registry && host < tag.result.hosts.size() &&
           WantedCredentials(tag.result.hosts[host]);
  });
  if (!wanted) return;
  const std::string way = mirror.scheme == "http" ? ", over http, where anyone on the way can read them" : "";
  *message.add_notes() =
      NoteMessage({hosts::NoteKind::kCredentialsForMirror, mirror.file, mirror.line,
                   mirror.Url() + " asks for credentials: containerd offers it those that the kubelet has for " +
                       route.config.registry + way + "; tagdrift offers it none but its own"});
}

v1::RegistryReport ConfigMessage(const hosts::RegistryConfig& config, Secrets secrets) {
  v1::RegistryReport message;
  message.set_registry(config.registry);
  message.set_directory(config.directory);
  for (const hosts::RegistryHost& host : config.hosts) *message.add_hosts() = HostConfigMessage(host, secrets);
  message.set_error(config.error.value_or(""));
  message.set_unknown(config.unknown.value_or(""));
  for (const hosts::Note& note : config.notes) *message.add_notes() = NoteMessage(note);
  return message;
}

}  // namespace

v1::Note NoteMessage(const hosts::Note& note) {
  v1::Note message;
  message.set_kind(ToProto(note.kind));
  message.set_file(note.file);
  message.set_line(note.line);
  message.set_detail(note.detail);
  message.set_severity(ToProto(hosts::SeverityOf(note.kind)));
  return message;
}

v1::RegistryReport RegistryMessage(const judge::Route& route, const Round& round) {
  v1::RegistryReport message = ConfigMessage(route.config, Secrets::kHidden);
  for (std::size_t host = 0; host < route.hosts.size(); ++host) {
    *message.add_summary() = Summary(route, host, round, message);
    AddCredentialNote(route, host, round, message);
  }
  return message;
}

v1::MirrorsReport ToMessage(const std::vector<hosts::RegistryConfig>& configs,
                            const std::vector<hosts::Note>& findings) {
  v1::MirrorsReport message;
  for (const hosts::RegistryConfig& config : configs)
    *message.add_registries() = ConfigMessage(config, Secrets::kShown);
  for (const hosts::Note& note : findings) *message.add_findings() = NoteMessage(note);
  MakePrintable(message);
  return message;
}

}  // namespace tagdrift::report
