#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "archive.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::record {

/// A field that is written as `redact` makes it.
template <class T, class Redact>
void Redacted(auto& archive, const char* name, T& value, const Redact& redact) {
  if constexpr (std::is_const_v<T>) {
    archive(name, redact(value));
  } else {
    archive(name, value);
  }
}

using Values = std::map<std::string, std::vector<std::string>>;

/// Any value of a header may let whoever has it act as the node.
inline Values WithoutValues(Values headers) {
  for (auto& [name, values] : headers) {
    for (std::string& value : values) value = "(hidden)";
  }
  return headers;
}

inline Values WithoutUserinfo(Values urls) {
  for (auto& [registry, values] : urls) {
    for (std::string& url : values) url = text::WithoutUserinfo(url);
  }
  return urls;
}

void Fields(auto& archive, Of<hosts::GetAnswer> auto& answer) {
  archive("status", answer.status);
  archive("content_type", answer.content_type);
  archive("digest", answer.digest);
  archive("size", answer.size);
}

void Fields(auto& archive, Of<hosts::Answer> auto& answer) {
  archive("failure", answer.failure);
  archive("failure_detail", answer.failure_detail);
  archive("untrusted", answer.untrusted);
  archive("status", answer.status);
  archive("content_type", answer.content_type);
  archive("digest_header", answer.digest_header);
  archive("content_length", answer.content_length);
  archive("location_missing", answer.location_missing);
  archive("get", answer.get);
  archive("get_failed", answer.get_failed);
  archive("too_large", answer.too_large);
  archive("error_code", answer.error_code);
  archive("access", answer.access);
  archive("retry_at", answer.retry_at);
  archive("over_http", answer.over_http);
  archive("product", answer.product);
  archive("asked_at", answer.asked_at);
  archive("latency", answer.latency);
}

void Fields(auto& archive, Of<hosts::Note> auto& note) {
  archive("kind", note.kind);
  archive("file", note.file);
  archive("line", note.line);
  archive("detail", note.detail);
}

/// Without the bytes.
void Fields(auto& archive, Of<hosts::PemFile> auto& file) { archive("path", file.path); }

void Fields(auto& archive, Of<hosts::ClientPair> auto& pair) {
  archive("certificate", pair.certificate);
  archive("key", pair.key);
}

void Fields(auto& archive, Of<hosts::RegistryHost> auto& host) {
  archive("scheme", host.scheme);
  archive("host", host.host);
  archive("path", host.path);
  archive("capabilities", host.capabilities);
  archive("skip_verify", host.skip_verify);
  archive("http_fallback", host.http_fallback);
  archive("ca", host.ca);
  archive("clients", host.clients);
  Redacted(archive, "headers", host.headers, WithoutValues);
  archive("dial_timeout", host.dial_timeout);
  archive("role", host.role);
  archive("file", host.file);
  archive("line", host.line);
}

void Fields(auto& archive, Of<hosts::RegistryConfig> auto& config) {
  archive("registry", config.registry);
  archive("directory", config.directory);
  archive("hosts", config.hosts);
  archive("error", config.error);
  archive("unknown", config.unknown);
  archive("notes", config.notes);
}

void Fields(auto& archive, Of<hosts::EndpointTls> auto& tls) {
  archive("insecure_skip_verify", tls.insecure_skip_verify);
  archive("ca_file", tls.ca_file);
  archive("cert_file", tls.cert_file);
  archive("key_file", tls.key_file);
}

/// Without endpoint_auths.
void Fields(auto& archive, Of<hosts::RegistrySettings> auto& settings) {
  archive("version", settings.version);
  archive("pull_path", settings.pull_path);
  archive("config_path", settings.config_path);
  Redacted(archive, "headers", settings.headers, WithoutValues);
  Redacted(archive, "mirrors", settings.mirrors, WithoutUserinfo);
  archive("mirror_places", settings.mirror_places);
  archive("endpoint_tls", settings.endpoint_tls);
  archive("source", settings.source);
  archive("read_from", settings.read_from);
  archive("notes", settings.notes);
  archive("unknown", settings.unknown);
  archive("restart_pending", settings.restart_pending);
  archive("proxies_unknown", settings.proxies_unknown);
}

}  // namespace tagdrift::record
