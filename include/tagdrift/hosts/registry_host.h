#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tagdrift::hosts {

enum class Capability : std::uint8_t { kPull = 1, kResolve = 2, kPush = 4, kReferrers = 8 };

/// A set of capabilities.
class Capabilities {
 public:
  constexpr Capabilities() = default;
  constexpr Capabilities(std::initializer_list<Capability> list) {
    for (Capability capability : list) bits_ |= static_cast<std::uint8_t>(capability);
  }
  constexpr void Add(Capability capability) { bits_ |= static_cast<std::uint8_t>(capability); }
  constexpr bool Has(Capability capability) const { return (bits_ & static_cast<std::uint8_t>(capability)) != 0; }
  friend bool operator==(Capabilities, Capabilities) = default;

 private:
  std::uint8_t bits_ = 0;
};

/// What an entry is in containerd's list for a registry.
enum class HostRole {
  kMirror,      ///< a `[host."..."]` table, or a legacy mirror endpoint
  kServer,      ///< the last entry, from an explicit `server`
  kDefault,     ///< the last entry, the registry's default host
  kConfigured,  ///< not in containerd's list: named by the operator as origin
};

/// A file read for TLS, as it was when the configuration was loaded.
struct PemFile {
  std::string path;
  std::string bytes;

  friend bool operator==(const PemFile&, const PemFile&) = default;
};

/// A client certificate and its key (the same file where one file holds both). `key.bytes` is secret.
struct ClientPair {
  PemFile certificate;
  PemFile key;

  friend bool operator==(const ClientPair&, const ClientPair&) = default;
};

/// One base URL that containerd may ask on behalf of a registry, with all that shapes the request.
struct RegistryHost {
  std::string scheme;  ///< "https", "http"; empty for an entry that containerd cannot use
  std::string host;    ///< with port as written ("10.0.0.5:5000", "[fd00::1]:5000"); empty for an unusable entry
  std::string path;    ///< "/v2", "/v2/hub"; may be empty with override_path
  Capabilities capabilities;
  /// Nothing where the file does not say: containerd treats "not said" and `false` differently.
  std::optional<bool> skip_verify;
  bool http_fallback = false;  ///< https first, then http on the same port
  std::vector<PemFile> ca;     ///< added to the system's CA pool
  std::vector<ClientPair> clients;
  /// Names as typed. Values may be secret (`Authorization`).
  std::map<std::string, std::vector<std::string>> headers;
  std::optional<absl::Duration> dial_timeout;
  HostRole role = HostRole::kDefault;
  std::string file;  ///< where it was written; empty for a default host
  int line = 0;      ///< 1-based; 0 where there is none

  friend bool operator==(const RegistryHost&, const RegistryHost&) = default;

  bool SkipsVerification() const { return skip_verify.value_or(false); }
  /// scheme://host/path as containerd will use it ("https://mirror:5000/v2").
  std::string Url() const;
  /// True if the other entry sends the same requests to the same place (role, capabilities and source set aside).
  bool SameRequestsAs(const RegistryHost& other) const;
};

/// The URL containerd requests: scheme://host, then the cleaned path of `host.path`/`repository`/`kind`/`object`, then
/// `?ns=registry` whenever host and registry differ (docker.io at registry-1.docker.io excepted).
/// `kind` is "manifests" or "blobs"; `object` a tag or a digest.
std::string RequestUrl(const RegistryHost& host, std::string_view registry, std::string_view repository,
                       std::string_view kind, std::string_view object);

/// The host containerd asks for `registry` when nothing is configured (docker.io is registry-1.docker.io): host part
/// only.
std::string DefaultHostName(std::string_view registry);

}  // namespace tagdrift::hosts
