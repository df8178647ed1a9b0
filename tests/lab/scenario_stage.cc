#include "scenario_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "failure.h"

namespace tagdrift::lab {
namespace {

using Kind = Behaviour::Kind;

constexpr std::size_t kStore = kMostHosts;
constexpr const char* kTag = "v1";
// Above containerd's own limit.
constexpr std::size_t kTooMuch = 4393216 + 1;

/// "/v2/REPOSITORY/KIND/OBJECT", perhaps with "/redirected/HOST" before it.
struct Path {
  std::optional<std::size_t> redirected_from;
  std::string repository;
  std::string kind;
  std::string object;
};

std::optional<Path> ParsePath(std::string path) {
  Path parsed;
  constexpr std::string_view kRedirected = "/redirected/";
  if (path.starts_with(kRedirected)) {
    parsed.redirected_from = static_cast<std::size_t>(path[kRedirected.size()] - '0');
    path = path.substr(kRedirected.size() + 1);
  }
  std::array<std::string, 4> parts;
  std::size_t at = 0;
  for (std::string& part : parts) {
    if (at >= path.size() || path[at] != '/') return std::nullopt;
    const std::size_t end = std::min(path.size(), path.find('/', at + 1));
    part = path.substr(at + 1, end - at - 1);
    at = end;
  }
  if (at != path.size() || parts[0] != "v2") return std::nullopt;
  parsed.repository = parts[1];
  parsed.kind = parts[2];
  parsed.object = parts[3];
  return parsed;
}

ScriptedReply Refusal(int status) {
  const char* code = status == 404 ? "MANIFEST_UNKNOWN" : status == 429 ? "TOOMANYREQUESTS" : "DENIED";
  ScriptedReply reply = ReplyOf(status, fmt::format(R"({{"errors":[{{"code":"{}","message":"scripted"}}]}})", code));
  reply.headers["Content-Type"] = "application/json";
  return reply;
}

ScriptedReply RedirectTo(int status, const std::string& location) {
  ScriptedReply reply = ReplyOf(status);
  reply.headers["Location"] = location;
  return reply;
}

const Blob* FindIn(const Artifact& artifact, const std::string& digest) {
  if (artifact.digest() == digest) return &artifact.document;
  for (const Blob& blob : artifact.blobs) {
    if (blob.digest == digest) return &blob;
  }
  for (const Artifact& manifest : artifact.manifests) {
    if (const Blob* found = FindIn(manifest, digest)) return found;
  }
  return nullptr;
}

bool IsConfig(const Blob& blob) { return blob.media_type.find(".config.") != std::string::npos; }
bool IsLayer(const Blob& blob) { return blob.media_type.find(".layer.") != std::string::npos; }

}  // namespace

ScenarioStage::ScenarioStage() {
  for (std::size_t server = 0; server <= kStore; ++server) {
    servers_.push_back(std::make_unique<ScriptedServer>(
        [this, server](const ScriptedRequest& request) { return Answer(server, request); }));
  }
}

void ScenarioStage::Set(const Scenario& scenario) {
  const std::lock_guard lock(mutex_);
  scenario_ = scenario;
  requests_.clear();
  if (scenario.Mark() == mark_) return;
  mark_ = scenario.Mark();
  artifacts_ = MakeArtifacts(mark_);
}

std::string ScenarioStage::Url(std::size_t host) const {
  // On the lowest ports nobody listens.
  return scenario_.hosts[host].listens ? servers_[host]->url() : fmt::format("http://127.0.0.1:{}", host + 1);
}

std::string ScenarioStage::Registry() const {
  switch (scenario_.last) {
    case Scenario::Last::kServer:
    case Scenario::Last::kUnknownName:
      return scenario_.repository + ".test";
    case Scenario::Last::kOwnName:
      return Url(scenario_.hosts.size() - 1).substr(std::string("http://").size());
  }
  return "";
}

std::string ScenarioStage::StoreToml() const {
  const std::string& url = servers_[kStore]->url();
  return fmt::format("server = \"{}\"\n\n[host.\"{}\"]\n", url, url);
}

std::string ScenarioStage::HostsToml() const {
  std::string toml;
  if (scenario_.last == Scenario::Last::kServer)
    toml += fmt::format("server = \"{}\"\n", Url(scenario_.hosts.size() - 1));
  if (!scenario_.server_capabilities.empty()) toml += fmt::format("capabilities = {}\n", scenario_.server_capabilities);
  for (const Scenario::Table& table : scenario_.tables) {
    toml += fmt::format("\n[host.\"{}\"]\n", Url(table.host));
    if (!table.capabilities.empty()) toml += fmt::format("  capabilities = {}\n", table.capabilities);
    if (table.skip_verify) toml += "  skip_verify = true\n";
  }
  return toml;
}

std::vector<std::string> ScenarioStage::TakeRequests() {
  const std::lock_guard lock(mutex_);
  return std::exchange(requests_, {});
}

ScriptedReply ScenarioStage::Answer(std::size_t server, const ScriptedRequest& request) {
  const std::lock_guard lock(mutex_);
  ScriptedReply reply = Play(server, request);
  const std::string outcome = reply.ending == ScriptedReply::Ending::kReset ? "reset" : std::to_string(reply.status);
  if (requests_.size() < 1000)
    requests_.push_back(fmt::format("{} {} {} {}", server, request.method, request.path, outcome));
  return reply;
}

ScriptedReply ScenarioStage::Play(std::size_t server, const ScriptedRequest& request) const {
  if (request.path == "/token" && server < scenario_.hosts.size()) return Token(server);
  const std::optional<Path> path = ParsePath(request.path);
  if (!path || path->repository != scenario_.repository) return Refusal(404);
  if (server < scenario_.hosts.size()) return PlayHost(server, request, path->kind, path->object);
  if (server != kStore) return Refusal(404);

  const std::size_t host = path->redirected_from.value_or(0);
  const bool is_tag = path->object == kTag;
  if (!path->redirected_from) {
    const Blob* blob = is_tag ? &Named(scenario_.cached).document : Find(path->object);
    return blob == nullptr ? Refusal(404) : Content(host, {}, request, *blob);
  }
  if (is_tag) {
    Behaviour behaviour = scenario_.hosts[host].head;
    behaviour.kind = Kind::kServe;
    return Tag(host, behaviour, request);
  }
  const Blob* blob = Find(path->object);
  return blob == nullptr ? Refusal(404) : Content(host, {}, request, *blob);
}

ScriptedReply ScenarioStage::PlayHost(std::size_t number, const ScriptedRequest& request, const std::string& kind,
                                      const std::string& object) const {
  const ScriptedHost& host = scenario_.hosts[number];
  const bool is_tag = kind == "manifests" && object == kTag;
  const bool is_head = request.method == "HEAD";
  if (auto challenge = Challenge(number, request, is_tag && is_head)) return *std::move(challenge);
  if (is_tag) {
    Behaviour behaviour = is_head ? host.head : host.get;
    if (!is_head) {
      behaviour.digest = host.head.digest;
      behaviour.media_type = host.head.media_type;
      if (host.head.kind == Kind::kOversize && behaviour.kind == Kind::kServe) behaviour.kind = Kind::kOversize;
    }
    return Tag(number, behaviour, request);
  }
  const Blob* blob = Find(object);
  if (blob == nullptr) return Refusal(404);
  const bool is_document = !IsConfig(*blob) && !IsLayer(*blob);
  if (is_document != (kind == "manifests")) return Refusal(404);
  if (is_document) return Content(number, host.documents, request, *blob);
  return Content(number, IsConfig(*blob) ? host.configs : Behaviour{}, request, *blob);
}

std::optional<ScriptedReply> ScenarioStage::Challenge(std::size_t number, const ScriptedRequest& request,
                                                      bool is_tag_head) const {
  const Door& door = scenario_.hosts[number].door;
  if (door.kind == Door::Kind::kOpen || (door.content_only && is_tag_head)) return std::nullopt;
  const auto authorization = request.headers.find("authorization");
  const bool has_token = authorization != request.headers.end() && authorization->second == "Bearer scripted";
  if (has_token && door.kind == Door::Kind::kToken) return std::nullopt;
  if (has_token && door.kind == Door::Kind::kTokenForbidden) return Refusal(403);

  ScriptedReply reply = Refusal(401);
  if (door.kind == Door::Kind::kUnnamed) return reply;
  if (door.kind == Door::Kind::kBasic) {
    reply.headers["WWW-Authenticate"] = R"(Basic realm="scripted")";
    return reply;
  }
  std::string challenge = fmt::format(R"(Bearer service="scripted",scope="repository:{}:pull")", scenario_.repository);
  if (door.kind != Door::Kind::kNoRealm) challenge += fmt::format(R"(,realm="{}/token")", servers_[number]->url());
  if (has_token && door.status % 2 == 1) challenge += R"(,error="insufficient_scope")";
  reply.headers["WWW-Authenticate"] = challenge;
  return reply;
}

ScriptedReply ScenarioStage::Token(std::size_t host) const {
  const Door& door = scenario_.hosts[host].door;
  if (door.kind == Door::Kind::kTokenRefused) return Refusal(door.status);
  ScriptedReply reply =
      ReplyOf(200, door.kind == Door::Kind::kTokenUnusable ? R"({"token":""})" : R"({"token":"scripted"})");
  reply.headers["Content-Type"] = "application/json";
  return reply;
}

ScriptedReply ScenarioStage::Tag(std::size_t number, const Behaviour& behaviour, const ScriptedRequest& request) const {
  const Artifact& artifact = Named(scenario_.hosts[number].artifact);
  ScriptedReply reply = Content(number, behaviour, request, artifact.document);
  const bool serves = reply.headers.contains("Docker-Content-Digest");
  if (!serves) return reply;
  switch (behaviour.digest) {
    case Behaviour::DigestHeader::kRight:
      break;
    case Behaviour::DigestHeader::kAbsent:
      reply.headers.erase("Docker-Content-Digest");
      break;
    case Behaviour::DigestHeader::kInvalid:
      reply.headers["Docker-Content-Digest"] = "sha256:1234";
      break;
    case Behaviour::DigestHeader::kNowhere:
      reply.headers["Docker-Content-Digest"] = "sha256:" + std::string(64, 'a');
      break;
    case Behaviour::DigestHeader::kOther:
      reply.headers["Docker-Content-Digest"] =
          Named(artifact.digest() == Named("old").digest() ? "new-index" : "old").digest();
      break;
  }
  return reply;
}

ScriptedReply ScenarioStage::Content(std::size_t number, const Behaviour& behaviour, const ScriptedRequest& request,
                                     const Blob& blob) const {
  ScriptedReply reply = ReplyOf(200, blob.bytes);
  switch (behaviour.kind) {
    case Kind::kServe:
      break;
    case Kind::kStatus:
      if (behaviour.status >= 300)
        return behaviour.status < 400 ? ReplyOf(behaviour.status) : Refusal(behaviour.status);
      reply.status = behaviour.status;
      break;
    case Kind::kRedirect:
      return RedirectTo(behaviour.status,
                        fmt::format("{}/redirected/{}{}", servers_[kStore]->url(), number, request.path));
    case Kind::kRedirectLoop:
      return RedirectTo(307, request.path);
    case Kind::kReset:
      reply.ending = ScriptedReply::Ending::kReset;
      return reply;
    case Kind::kCut:
      reply.cut_at = blob.bytes.size() / 2;
      break;
    case Kind::kOversize:
      reply.body.resize(kTooMuch, ' ');
      reply.length = kTooMuch;
      break;
    case Kind::kOther:
      reply.body[reply.body.size() / 2] ^= 1;
      break;
  }
  reply.headers["Docker-Content-Digest"] =
      behaviour.kind == Kind::kOversize ? "sha256:" + std::string(64, 'b') : blob.digest;
  reply.headers["Content-Type"] = behaviour.media_type.empty() ? blob.media_type : behaviour.media_type;
  if (behaviour.media_type == "-") reply.headers.erase("Content-Type");
  if (behaviour.length == Behaviour::Length::kAbsent) reply.length.reset();
  if (behaviour.length == Behaviour::Length::kWrong) *reply.length += 1;
  if (behaviour.slow) reply.delay = std::chrono::milliseconds(30);
  return reply;
}

const Artifact& ScenarioStage::Named(const std::string& name) const {
  for (const NamedArtifact& named : artifacts_) {
    if (named.name == name) return named.artifact;
  }
  GiveUp("no artifact named " + name);
}

const Blob* ScenarioStage::Find(const std::string& digest) const {
  for (const NamedArtifact& named : artifacts_) {
    if (const Blob* found = FindIn(named.artifact, digest)) return found;
  }
  return nullptr;
}

}  // namespace tagdrift::lab
