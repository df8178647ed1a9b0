#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "bench/http2_server.h"
#include "changing_image.h"
#include "registry/test_certificates.h"

namespace tagdrift::soak {

/// An HTTPS server that is registry and token server in one, with a port and a certificate authority of its own. Each
/// login gets tokens of its own at a realm of its own.
class ChangingRegistry {
 public:
  ChangingRegistry();

  /// "127.0.0.1:port".
  std::string Authority() const { return server_.Authority(); }
  /// PEM of the authority that signed its certificate.
  std::string CertificateAuthority() const { return authority_.Certificate(); }

  /// From now on there are no tags; tokens come from "/REALM", for who has this password, and are good for nothing
  /// else.
  void Begin(const std::string& realm, const std::string& user, const std::string& password);
  /// "repository:tag".
  void Push(const std::string& name, const ChangingImage& image);
  /// Manifests asked for by tag, and tokens issued, since Begin.
  int asked() const;
  int tokens() const;

 private:
  bench::Said Answer(const bench::Asked& asked);
  bench::Said AnswerToken(const bench::Asked& asked);

  mutable std::mutex mutex_;
  std::string realm_;
  std::string login_;  ///< as the client sends it
  std::map<std::string, image::Digest> tags_;
  std::map<std::string, std::string> blobs_;
  int asked_ = 0;
  int tokens_ = 0;
  registry::TestAuthority authority_;
  bench::Http2Server server_;
};

}  // namespace tagdrift::soak
