#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../registry/client_fixture.h"
#include "artifact.h"
#include "registry.h"

namespace tagdrift::lab {

/// The registry client against servers of the lab, with no node around it.
class RegistryLab : public registry::ClientTest {
 protected:
  /// One user and password for every host.
  static std::shared_ptr<const registry::CredentialSource> Login(const std::string& user = kUser,
                                                                 const std::string& password = kPassword);

  /// What of `registry` the client needs to know; over TLS without its CA.
  static std::shared_ptr<hosts::RegistryHost> HostOf(const Registry& registry);
  static hosts::PemFile Pem(const std::string& file);

  hosts::Answer AskOne(const std::shared_ptr<hosts::RegistryHost>& host, const std::string& repository,
                       const std::string& tag = "v1");

  /// An image under `repository`:v1 of `registry`.
  static Artifact PushTo(Registry& registry, const std::string& repository, const std::string& text = "one");
};

/// How many of `requests` end with `ending` (" 401").
int CountEnding(const std::vector<std::string>& requests, const std::string& ending);

}  // namespace tagdrift::lab
