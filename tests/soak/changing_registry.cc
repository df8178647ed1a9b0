#include "changing_registry.h"

#include "tagdrift/image/manifest.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::soak {
namespace {

bench::Said ReplyOf(const std::string& type, const std::string& digest, const std::string& body) {
  return {.status = 200,
          .headers = {{"content-type", type},
                      {"docker-content-digest", digest},
                      {"content-length", std::to_string(body.size())}},
          .body = body};
}

}  // namespace

ChangingRegistry::ChangingRegistry()
    : server_({.pair = *authority_.Issue("IP:127.0.0.1")},
              [this](const bench::Asked& asked) { return Answer(asked); }) {}

void ChangingRegistry::Begin(const std::string& realm, const std::string& user, const std::string& password) {
  const std::lock_guard lock(mutex_);
  realm_ = realm;
  login_ = "Basic " + text::Base64Encode(user + ":" + password);
  tags_.clear();
  blobs_.clear();
  asked_ = 0;
  tokens_ = 0;
}

void ChangingRegistry::Push(const std::string& name, const ChangingImage& image) {
  const std::lock_guard lock(mutex_);
  tags_.insert_or_assign(name, image.digest);
  for (const auto& [digest, bytes] : image.blobs) blobs_[digest.text()] = bytes;
}

int ChangingRegistry::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

int ChangingRegistry::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

bench::Said ChangingRegistry::Answer(const bench::Asked& asked) {
  const std::lock_guard lock(mutex_);
  if (asked.target.starts_with("/" + realm_)) return AnswerToken(asked);
  const std::string path = asked.target.substr(0, asked.target.find('?'));
  const bool is_manifest = path.find("/manifests/") != std::string::npos;
  const std::string kind = is_manifest ? "/manifests/" : "/blobs/";
  const std::size_t at = path.find(kind);
  if (!path.starts_with("/v2/") || at == std::string::npos) return {.status = 404, .headers = {}, .body = {}};
  const std::string repository = path.substr(4, at - 4);
  if (asked.authorization != "Bearer " + realm_) {
    return {.status = 401,
            .headers = {{"www-authenticate", "Bearer realm=\"https://" + Authority() + "/" + realm_ +
                                                 "\",service=\"soak\",scope=\"repository:" + repository + ":pull\""}},
            .body = {}};
  }
  std::string object = path.substr(at + kind.size());
  if (const auto tag = tags_.find(repository + ":" + object); tag != tags_.end()) {
    ++asked_;
    object = tag->second.text();
  }
  const auto blob = blobs_.find(object);
  if (blob == blobs_.end()) return {.status = 404, .headers = {}, .body = {}};
  return ReplyOf(is_manifest ? std::string(image::kOciManifest) : "application/octet-stream", object, blob->second);
}

bench::Said ChangingRegistry::AnswerToken(const bench::Asked& asked) {
  if (asked.authorization != login_) return {.status = 401, .headers = {}, .body = {}};
  ++tokens_;
  const std::string body = R"({"token":")" + realm_ + R"(","expires_in":300})";
  return {.status = 200,
          .headers = {{"content-type", "application/json"}, {"content-length", std::to_string(body.size())}},
          .body = body};
}

}  // namespace tagdrift::soak
