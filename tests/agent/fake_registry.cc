#include "fake_registry.h"

#include <optional>

#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {
namespace {

constexpr char kNotFound[] = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})";

/// "/v2/REPOSITORY/KIND/OBJECT?…"
struct Target {
  std::string repository;
  bool is_manifest = false;
  std::string object;
};

std::optional<Target> Parse(const std::string& text) {
  const std::string path = text.substr(0, text.find('?'));
  for (const std::string kind : {"/manifests/", "/blobs/"}) {
    const std::size_t at = path.find(kind);
    if (!path.starts_with("/v2/") || at == std::string::npos) continue;
    return Target{path.substr(4, at - 4), kind == "/manifests/", path.substr(at + kind.size())};
  }
  return std::nullopt;
}

registry::Scripted NotFound(const registry::Received& request) {
  const std::string head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: " +
                           std::to_string(sizeof kNotFound - 1) + "\r\n\r\n";
  return {.bytes = request.method == "HEAD" ? head : head + kNotFound};
}

}  // namespace

FakeRegistry::FakeRegistry()
    : server_(std::make_unique<registry::TestServer>(
          [this](const registry::Received& request) { return Answer(request); })) {}

FakeRegistry::~FakeRegistry() {
  Release();
  server_.reset();
}

void FakeRegistry::Push(const std::string& repository, const std::string& tag, const SampleImage& image) {
  Add(image);
  const std::lock_guard lock(mutex_);
  tags_.insert_or_assign({repository, tag}, image.digest());
}

void FakeRegistry::RemoveTag(const std::string& repository, const std::string& tag) {
  const std::lock_guard lock(mutex_);
  tags_.erase({repository, tag});
}

void FakeRegistry::Add(const SampleImage& image) {
  const std::lock_guard lock(mutex_);
  content_[image.digest().text()] = image.manifest;
  content_[image.config_digest().text()] = image.config;
}

void FakeRegistry::RemoveContent(const image::Digest& digest) {
  const std::lock_guard lock(mutex_);
  content_.erase(digest.text());
}

void FakeRegistry::AnswerWith(const std::string& part, const std::string& status) {
  const std::lock_guard lock(mutex_);
  statuses_[part] = status;
}

void FakeRegistry::AfterFirst(const std::string& part, std::function<void()> act) {
  const std::lock_guard lock(mutex_);
  acts_[part] = std::move(act);
}

void FakeRegistry::Hold(const std::string& part) {
  const std::lock_guard lock(mutex_);
  held_part_ = part;
  holding_ = true;
  held_ = false;
}

void FakeRegistry::HoldAfter(int more) {
  const std::lock_guard lock(mutex_);
  before_hold_ = more;
  holding_ = true;
  held_ = false;
}

void FakeRegistry::Release() {
  const std::lock_guard lock(mutex_);
  holding_ = false;
  held_part_.clear();
  before_hold_ = -1;
  changed_.notify_all();
}

bool FakeRegistry::AwaitHeld(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, std::move(stop), [this] { return held_; });
}

int FakeRegistry::Count(const std::string& method, const std::string& part) const {
  int count = 0;
  for (const registry::Received& request : server_->received()) {
    if (request.method == method && request.target.find(part) != std::string::npos) ++count;
  }
  return count;
}

bool FakeRegistry::IsHeld(const std::string& target) {
  if (before_hold_ >= 0 && before_hold_-- == 0) return true;
  return !held_part_.empty() && target.find(held_part_) != std::string::npos;
}

registry::Scripted FakeRegistry::Answer(const registry::Received& request) {
  std::unique_lock lock(mutex_);
  registry::Scripted answer = Look(request);
  const bool hold = holding_ && IsHeld(request.target);
  for (auto act = acts_.begin(); act != acts_.end(); ++act) {
    if (request.target.find(act->first) == std::string::npos) continue;
    const std::function<void()> once = std::move(act->second);
    acts_.erase(act);
    lock.unlock();
    once();
    lock.lock();
    break;
  }
  if (hold) {
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !holding_; });
  }
  return answer;
}

registry::Scripted FakeRegistry::Look(const registry::Received& request) const {
  for (const auto& [part, status] : statuses_) {
    if (request.target.find(part) != std::string::npos) return registry::ReplyStatus(status);
  }
  const std::optional<Target> target = Parse(request.target);
  if (!target) return NotFound(request);
  std::string digest = target->object;
  if (const auto tag = tags_.find({target->repository, target->object}); target->is_manifest && tag != tags_.end()) {
    digest = tag->second.text();
  }
  const auto bytes = content_.find(digest);
  if (bytes == content_.end()) return NotFound(request);
  const std::string type = target->is_manifest ? std::string(image::kOciManifest) : "application/octet-stream";
  return registry::Reply200(request, "Docker-Content-Digest: " + digest + "\r\nContent-Type: " + type + "\r\n",
                            bytes->second);
}

}  // namespace tagdrift::agent
