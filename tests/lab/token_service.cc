#include "token_service.h"

#include <ctime>
#include <nlohmann/json.hpp>

#include "registry.h"

namespace tagdrift::lab {
namespace {

constexpr const char* kIssuer = "lab-tokens";
constexpr const char* kService = "lab-registry";
// kUser and kPassword.
constexpr const char* kLogin = "Basic bGFiOmxhYi1zZWNyZXQ=";
constexpr std::time_t kLifetime = 300;
// docker-registry forgives a minute.
constexpr std::time_t kLongAgo = 600;

/// "repository:public/app:pull" of "/token?scope=repository%3Apublic%2Fapp%3Apull&service=…".
std::string ScopeOf(std::string target) {
  for (const auto& [escape, plain] : {std::pair{"%3A", ":"}, std::pair{"%2F", "/"}}) {
    for (std::size_t at = target.find(escape); at != std::string::npos; at = target.find(escape)) {
      target.replace(at, 3, plain);
    }
  }
  const std::size_t from = target.find("scope=");
  if (from == std::string::npos) return "";
  return target.substr(from + 6, target.find('&', from) - from - 6);
}

std::string RepositoryOf(const std::string& scope) {
  const std::size_t from = scope.find(':');
  const std::size_t to = scope.rfind(':');
  return from == std::string::npos || to <= from ? "" : scope.substr(from + 1, to - from - 1);
}

}  // namespace

TokenService::TokenService(Certificates signer, Flaw flaw) : signer_(std::move(signer)), flaw_(flaw) {
  server_ =
      std::make_unique<registry::TestServer>([this](const registry::Received& request) { return Answer(request); });
}

std::string TokenService::RegistryAuth(const std::string& root) const {
  return "{token: {realm: \"http://" + server_->Authority() + "/token\", service: " + kService +
         ", issuer: " + kIssuer + ", rootcertbundle: " + root + "}}";
}

std::vector<std::string> TokenService::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

registry::Scripted TokenService::Answer(const registry::Received& request) {
  const std::string scope = ScopeOf(request.target);
  const auto login = request.headers.find("authorization");
  const bool known = login != request.headers.end() && login->second == kLogin;
  int status = 200;
  if (request.method != "GET") {
    status = 405;
  } else if (login != request.headers.end() && !known) {
    status = 401;
  }
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + scope + " " + std::to_string(status));
  }
  if (status != 200) return registry::ReplyStatus(std::to_string(status) + " Refused\r\n");
  const nlohmann::json body = {{"token", Issue(RepositoryOf(scope), known)}, {"expires_in", kLifetime}};
  return registry::Reply200(request, "Content-Type: application/json\r\n", body.dump());
}

std::string TokenService::Issue(const std::string& repository, bool known) const {
  const std::time_t now = std::time(nullptr) - (flaw_ == Flaw::kExpired ? kLongAgo : 0);
  const std::string granted = known || repository.starts_with("public/") ? repository : "";
  return SignToken({.issuer = kIssuer,
                    .audience = kService,
                    .subject = known ? kUser : "",
                    .not_before = now - 5,
                    .expires = now + kLifetime,
                    .repository = flaw_ == Flaw::kOtherRepository ? "public/other" : granted},
                   signer_);
}

}  // namespace tagdrift::lab
