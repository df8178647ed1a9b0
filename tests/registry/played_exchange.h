#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/auth/endpoint_hints.h"
#include "registry/exchange/exchange.h"
#include "registry/http/http_message.h"

namespace tagdrift::registry {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The other side of an exchange: one literal response per request.
using Server = std::function<HttpResponse(const HttpRequest&)>;

/// Who asks.
struct Asker {
  Exchange::Settings settings;
  CredentialAnswer credentials;
};

struct Played {
  Reply reply;
  std::vector<HttpRequest> requests;         ///< in order, token requests included
  std::vector<CredentialQuestion> searches;  ///< what the credential source was asked

  const hosts::Answer& answer() const { return reply.answer; }
  /// "HEAD https://host/v2/..." per request.
  std::vector<std::string> Lines() const;
};

/// Carries exchanges from step to step without a network, and remembers between them what the real client remembers.
class Player {
 public:
  Played Play(Request request, const Asker& asker, const Server& server);

 private:
  std::map<std::string, EndpointHints> hints_;
  std::map<LoginKey, LoginThrottle> logins_;
};

HttpResponse Respond(int status, Headers headers = {}, std::string body = "");
HttpResponse Break(hosts::Failure failure, std::string detail);

/// Value of a request's header; empty when there is none.
std::string HeaderOf(const HttpRequest& request, const std::string& name);

std::shared_ptr<hosts::RegistryHost> Host(const std::string& scheme, const std::string& host);

/// "Which digest has team/app:v1?" of `host`.
/// For a tag of registry.example.
Request Ask(const std::string& repository = "team/app");
Request AskTag(std::shared_ptr<const hosts::RegistryHost> host, const std::string& repository = "team/app");

Asker Anonymous();
Asker As(const std::string& username, const std::string& password);
Asker With(std::vector<Credential> candidates);

inline const std::string kDigest = "sha256:" + std::string(64, 'a');

/// A token from memory.
TokenGrant Granted(const std::string& token, bool young = true);

/// A complete answer to a HEAD.
HttpResponse Manifest();

}  // namespace tagdrift::registry
