#include "played_exchange.h"

#include "registry/auth/token_fetch.h"

namespace tagdrift::registry {
namespace {

std::string Name(Method method) {
  switch (method) {
    case Method::kHead:
      return "HEAD";
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
  }
  return "?";
}

TokenResult FetchToken(const WantToken& want, const Server& server, std::vector<HttpRequest>& requests) {
  TokenFetch fetch(*want.key, want.endpoint, "tagdrift/test", false);
  TokenFetch::Step step = fetch.Start();
  while (auto* request = std::get_if<HttpRequest>(&step)) {
    requests.push_back(*request);
    step = fetch.OnResponse(server(requests.back()));
  }
  return std::get<TokenResult>(step);
}

}  // namespace

std::vector<std::string> Played::Lines() const {
  std::vector<std::string> lines;
  for (const HttpRequest& request : requests) lines.push_back(Name(request.method) + " " + request.url.text);
  return lines;
}

Played Player::Play(Request request, const Asker& asker, const Server& server) {
  const std::string repository = request.repository;
  Exchange exchange(std::move(request), asker.settings);
  std::optional<LoginKey> login;
  Played played;
  Exchange::Step step = exchange.Start();
  // Far more steps than any exchange may take.
  for (int i = 0; i < 200; ++i) {
    if (auto* reply = std::get_if<Reply>(&step)) {
      played.reply = std::move(*reply);
      return played;
    }
    if (const auto* approach = std::get_if<Approach>(&step)) {
      step = exchange.Plan(hints_[approach->url.Origin()]);
    } else if (const auto* search = std::get_if<CredentialQuestion>(&step)) {
      played.searches.push_back(*search);
      step = exchange.OnCredentials(asker.credentials);
    } else if (const auto* tried = std::get_if<WantLogin>(&step)) {
      login = tried->key;
      step = exchange.OnLogin(logins_[*login].Enter({}) == LoginThrottle::Entry::kRefused);
    } else if (const auto* want = std::get_if<WantToken>(&step)) {
      step = exchange.OnToken({std::make_shared<TokenResult>(FetchToken(*want, server, played.requests)), true});
    } else {
      const HttpRequest sent = std::get<HttpRequest>(step);
      played.requests.push_back(sent);
      const HttpResponse response = server(sent);
      if (login) {
        const bool refused = response.status == 401;
        logins_[*login].Settle(refused ? LoginThrottle::Outcome::kRefused : LoginThrottle::Outcome::kGood, repository,
                               {});
      }
      login.reset();
      step = exchange.OnResponse(response);
      EndpointHints& hints = hints_[sent.url.Origin()];
      Learn(hints, repository, response);
      if (exchange.fell_back()) hints.plain_http = true;
    }
  }
  played.reply.answer.failure_detail = "the exchange does not end";
  return played;
}

HttpResponse Respond(int status, Headers headers, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  response.asked_at = absl::FromUnixSeconds(1'800'000'000);
  return response;
}

HttpResponse Break(hosts::Failure failure, std::string detail) {
  HttpResponse response;
  response.failure = failure;
  response.detail = std::move(detail);
  return response;
}

std::string HeaderOf(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

std::shared_ptr<hosts::RegistryHost> Host(const std::string& scheme, const std::string& host) {
  auto out = std::make_shared<hosts::RegistryHost>();
  out->scheme = scheme;
  out->host = host;
  out->path = "/v2";
  return out;
}

Request AskTag(std::shared_ptr<const hosts::RegistryHost> host, const std::string& repository) {
  const std::string registry = host->host;
  return {.host = std::move(host), .registry = registry, .repository = repository, .object = "v1", .media_type = {}};
}

Request Ask(const std::string& repository) { return AskTag(Host("https", "registry.example"), repository); }

Asker Anonymous() { return With({}); }

Asker As(const std::string& username, const std::string& password) { return With({{username, password, {}, {}}}); }

Asker With(std::vector<Credential> candidates) {
  return {.settings = {.user_agent = "tagdrift/test"}, .credentials = {std::move(candidates), {}}};
}

TokenGrant Granted(const std::string& token, bool young) {
  TokenResult result;
  result.token = token;
  result.lifetime = absl::Minutes(5);
  return {std::make_shared<TokenResult>(std::move(result)), young};
}

HttpResponse Manifest() {
  return Respond(200, {{"content-type", "application/vnd.oci.image.index.v1+json; charset=utf-8"},
                       {"docker-content-digest", kDigest},
                       {"content-length", "1234"}});
}

}  // namespace tagdrift::registry
