#include "pretend_registry.h"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "tagdrift/image/digest.h"

namespace tagdrift::bench {
namespace {

const char* const kManifestType = "application/vnd.oci.image.manifest.v1+json";
const char* const kConfigType = "application/vnd.oci.image.config.v1+json";

constexpr const char* kManifest =
    R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{}","size":{}}},"layers":[]}})";

// Tokens of public registries have a kilobyte and more.
constexpr std::size_t kTokenSize = 1200;

std::string TokenFor(const std::string& repository) {
  std::string token = "token.for." + repository + ".";
  token.resize(kTokenSize, 'x');
  return token;
}

/// "a/b" of "/v2/a/b/manifests/v1".
std::string RepositoryOf(const std::string& path) {
  const std::size_t end =
      path.find("/manifests/") != std::string::npos ? path.find("/manifests/") : path.find("/blobs/");
  return end == std::string::npos || end < 4 ? "" : path.substr(4, end - 4);
}

/// "a/b" of "/token?scope=repository%3Aa%2Fb%3Apull&service=…", with or without the escapes.
std::string ScopedRepository(std::string target) {
  for (const auto& [escape, plain] : {std::pair{"%3A", ":"}, std::pair{"%2F", "/"}}) {
    for (std::size_t at = target.find(escape); at != std::string::npos; at = target.find(escape)) {
      target.replace(at, 3, plain);
    }
  }
  const std::string before = "scope=repository:";
  const std::size_t from = target.find(before);
  const std::size_t to = target.find(":pull", from);
  if (from == std::string::npos || to == std::string::npos) return "";
  return target.substr(from + before.size(), to - from - before.size());
}

Said Content(const std::string& type, const std::string& body) {
  return {.status = 200,
          .headers = {{"content-type", type},
                      {"docker-content-digest", image::Digest::OfBytes(body).text()},
                      {"content-length", std::to_string(body.size())}},
          .body = body};
}

}  // namespace

PretendRegistry::PretendRegistry(Settings settings) : settings_(std::move(settings)) {
  const std::string config = R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers"}})";
  config_ = Content(kConfigType, config);
  manifest_ = Content(kManifestType, fmt::format(kManifest, kManifestType, kConfigType,
                                                 image::Digest::OfBytes(config).text(), config.size()));
  if (settings_.http1) {
    http1_token_server_ = StartHttp1(&PretendRegistry::AnswerToken);
    token_authority_ = http1_token_server_->Authority();
    http1_registry_ = StartHttp1(&PretendRegistry::AnswerRegistry);
    authority_ = http1_registry_->Authority();
    return;
  }
  Start(token_server_, &PretendRegistry::AnswerToken);
  token_authority_ = token_server_->Authority();
  Start(registry_, &PretendRegistry::AnswerRegistry);
  authority_ = registry_->Authority();
}

void PretendRegistry::Start(std::optional<Http2Server>& server, Answering answer) {
  server.emplace(Http2Server::Settings{.pair = settings_.pair, .delay = settings_.delay, .streams = settings_.streams},
                 [this, answer](const Asked& asked) { return (this->*answer)(asked); });
}

std::unique_ptr<registry::TestServer> PretendRegistry::StartHttp1(Answering answer) {
  const auto reply = [this, answer](const registry::Received& received) {
    std::this_thread::sleep_for(settings_.delay);
    const auto authorization = received.headers.find("authorization");
    const Said said =
        (this->*answer)({.method = received.method,
                         .target = received.target,
                         .authorization = authorization == received.headers.end() ? "" : authorization->second});
    std::string bytes = fmt::format("HTTP/1.1 {} Said\r\n", said.status);
    for (const auto& [name, value] : said.headers) bytes += fmt::format("{}: {}\r\n", name, value);
    if (said.body.empty()) bytes += "content-length: 0\r\n";
    return registry::Scripted{bytes + "\r\n" + (received.method == "HEAD" ? "" : said.body)};
  };
  return std::make_unique<registry::TestServer>(reply, std::make_unique<registry::ServerPair>(settings_.pair));
}

PretendRegistry::Seen PretendRegistry::seen() const {
  const std::lock_guard lock(mutex_);
  Seen seen = seen_;
  if (settings_.http1) return seen;
  seen.connections = registry_->connections();
  seen.handshakes = registry_->handshakes();
  seen.token_connections = token_server_->connections();
  seen.token_handshakes = token_server_->handshakes();
  return seen;
}

Said PretendRegistry::AnswerRegistry(const Asked& asked) {
  const std::string repository = RepositoryOf(asked.target);
  const std::lock_guard lock(mutex_);
  if (settings_.wants_token && asked.authorization != "Bearer " + TokenFor(repository)) {
    ++seen_.challenges;
    const std::string realm = "Bearer realm=\"https://" + token_authority_ + "/token\",service=\"bench\"";
    const std::string scope = repository.empty() ? "" : ",scope=\"repository:" + repository + ":pull\"";
    return {.status = 401, .headers = {{"www-authenticate", realm + scope}}, .body = {}};
  }
  const bool manifest = asked.target.find("/manifests/") != std::string::npos;
  if (manifest && asked.method == "HEAD") {
    ++seen_.heads[asked.target];
  } else {
    ++seen_.others;
  }
  if (manifest) return manifest_;
  if (asked.target.find("/blobs/") != std::string::npos) return config_;
  return {.status = 200, .headers = {}, .body = {}};
}

Said PretendRegistry::AnswerToken(const Asked& asked) {
  const std::string repository = ScopedRepository(asked.target);
  const std::lock_guard lock(mutex_);
  ++seen_.tokens[repository];
  const std::string body = R"({"token":")" + TokenFor(repository) + R"(","expires_in":300})";
  return {.status = 200,
          .headers = {{"content-type", "application/json"}, {"content-length", std::to_string(body.size())}},
          .body = body};
}

}  // namespace tagdrift::bench
