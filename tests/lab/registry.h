#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "artifact.h"
#include "certificates.h"
#include "http.h"
#include "process.h"

namespace tagdrift::lab {

/// What anyone may send to a registry that asks for a password.
inline constexpr const char* kUser = "lab";
inline constexpr const char* kPassword = "lab-secret";

struct RegistryOptions {
  std::string pull_through = {};                  ///< URL of the registry that this one mirrors on demand
  std::optional<Certificates> certificates = {};  ///< serve HTTPS
  bool wants_password = false;                    ///< basic auth: kUser, kPassword
  std::string auth = {};                          ///< what stands under `auth` in its configuration, instead of that
  std::string client_ca = {};         ///< file, with `certificates`: who shows no certificate of this CA is refused
  std::string storage_of = {};        ///< name of another registry: this one serves the same storage
  std::string address = "127.0.0.1";  ///< a loopback address or a name of one
  int port = 0;                       ///< 0: any free one
};

/// A docker-registry on loopback with storage of its own, running from the start.
class Registry {
 public:
  explicit Registry(const std::string& name, RegistryOptions options = {});

  /// "127.0.0.1:PORT", as it stands in references.
  const std::string& host() const { return host_; }
  /// "http://127.0.0.1:PORT".
  const std::string& url() const { return url_; }

  /// Storage, port and log are kept.
  void Stop();
  void Start();

  /// Uploads what `artifact` holds and points `tag` to it.
  void Push(const std::string& repository, const std::string& tag, const Artifact& artifact);
  /// Removes the manifest or index, and with it every tag that points to it.
  void Delete(const std::string& repository, const std::string& digest);
  /// The digest that the tag has here; empty where there is none.
  std::string Digest(const std::string& repository, const std::string& tag);

  /// The requests answered since the last call, oldest first: "HEAD /v2/app/manifests/v1 200" (with the query, if any).
  std::vector<std::string> TakeRequests();

 private:
  HttpAnswer Ask(HttpRequest request);
  void PushBlob(const std::string& repository, const Blob& blob);
  void PushDocument(const std::string& repository, const std::string& reference, const Blob& document);
  bool Answers();

  std::string name_;
  RegistryOptions options_;
  std::string folder_;
  std::string host_;
  std::string url_;
  std::size_t log_position_ = 0;
  std::unique_ptr<Daemon> daemon_;
};

/// Gives loopback addresses the names of README's hosts, registry.corp and mirror.corp, in the sandbox's own /etc.
void NameTheRegistries();

}  // namespace tagdrift::lab
