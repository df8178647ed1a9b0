#include "hostile_registry.h"

#include <fmt/format.h>

#include <chrono>

#include "huge_manifest.h"
#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {
namespace {

using registry::Received;
using registry::ReplyStatus;
using registry::Scripted;
using std::chrono::milliseconds;

constexpr std::size_t kScenarios = 6;
constexpr milliseconds kForever = std::chrono::hours(1);

std::string Repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<std::string> DocumentsOf(Hostility hostility) {
  std::vector<std::string> documents;
  for (std::size_t i = 0; i < kScenarios; ++i) {
    documents.push_back(
        HugeManifest(fmt::format("{} {}", NameOf(hostility), i), hostility == Hostility::kHugeManifests ? 20'000 : 3));
  }
  if (hostility == Hostility::kInvalidJson) {
    documents = {Repeated("[", 4'000'000),     "{\"layers\":[" + Repeated("{},", 1'000'000) + "1]}",
                 "{\"a\":1,\"a\":2}",          Repeated("\xff\x00", 100),
                 Repeated("{\"a\":", 500'000), "{\"schemaVersion\":2,\"config\":{\"size\":1e400}}"};
  }
  return documents;
}

std::string HeadOf(const std::string& document, const std::string& length) {
  return fmt::format("HTTP/1.1 200 OK\r\nDocker-Content-Digest: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
                     image::Digest::OfBytes(document).text(), image::kOciManifest, length);
}

std::string ObjectOf(const Received& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

std::string NameOf(Hostility hostility) {
  switch (hostility) {
    case Hostility::kHugeManifests:
      return "huge-manifests";
    case Hostility::kRedirectFarm:
      return "redirect-farm";
    case Hostility::kHungAnswers:
      return "hung-answers";
    case Hostility::kDrippedBodies:
      return "dripped-bodies";
    case Hostility::kBogusLengths:
      return "bogus-lengths";
    case Hostility::kEndlessHeaders:
      return "endless-headers";
    case Hostility::kInvalidJson:
      return "invalid-json";
    case Hostility::kRealmLoop:
      return "realm-loop";
    case Hostility::kRateLimits:
      return "rate-limits";
  }
  return "?";
}

HostileRegistry::HostileRegistry(Hostility hostility) : hostility_(hostility), documents_(DocumentsOf(hostility)) {
  for (std::size_t i = 0; i < documents_.size(); ++i) by_digest_[image::Digest::OfBytes(documents_[i]).text()] = i;
  server_ = std::make_unique<registry::TestServer>([this](const Received& request) { return Answer(request); });
}

HostileRegistry::~HostileRegistry() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  server_.reset();
}

void HostileRegistry::Wait(milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return ending_; });
}

const std::string& HostileRegistry::DocumentOf(const std::string& object) const {
  const auto found = by_digest_.find(object);
  if (found != by_digest_.end()) return documents_[found->second];
  return documents_[object.empty() ? 0 : static_cast<unsigned char>(object.back()) % documents_.size()];
}

Scripted HostileRegistry::Answer(const Received& request) {
  const int count = ++requests_;
  switch (hostility_) {
    case Hostility::kRedirectFarm:
      return Redirect(request);
    case Hostility::kHungAnswers:
      if (count % 2 == 0) Wait(kForever);
      return Deliver(request, count);
    case Hostility::kEndlessHeaders:
      return {.bytes = "HTTP/1.1 200 OK\r\n", .more = [count] {
                return count % 2 == 0 ? std::string("a:\r\n") : "X-Long: " + std::string(8000, 'x') + "\r\n";
              }};
    case Hostility::kRealmLoop:
      return WantToken(request, count);
    case Hostility::kRateLimits:
      return count % 3 == 0 ? Deliver(request, count) : LimitRate(count);
    case Hostility::kHugeManifests:
    case Hostility::kDrippedBodies:
    case Hostility::kBogusLengths:
    case Hostility::kInvalidJson:
      break;
  }
  return Deliver(request, count);
}

Scripted HostileRegistry::Redirect(const Received& request) {
  if (request.target.starts_with("/slow/")) {
    Wait(kForever);
    return ReplyStatus("404 Not Found\r\n");
  }
  return ReplyStatus(fmt::format("307 Temporary Redirect\r\nLocation: http://{}.localhost:{}/slow/\r\n",
                                 image::Digest::OfBytes(request.target).hex().substr(0, 20), server_->port()));
}

Scripted HostileRegistry::Deliver(const Received& request, int count) {
  const std::string& document = DocumentOf(ObjectOf(request));
  const std::string head = HeadOf(document, std::to_string(document.size()));
  if (request.method == "HEAD") return {.bytes = head};
  if (hostility_ == Hostility::kDrippedBodies) {
    return {.bytes = head, .more = [this] {
              Wait(milliseconds(20));
              return std::string("x");
            }};
  }
  if (hostility_ == Hostility::kBogusLengths) {
    static const std::vector<std::string> lengths = {"99999999999999999999", "-1", "0", "4393216", "5, 7", "x"};
    const auto then = count % 2 == 0 ? Scripted::Then::kClose : Scripted::Then::kReset;
    return {.bytes = HeadOf(document, lengths[static_cast<std::size_t>(count) % lengths.size()]) + document,
            .then = then};
  }
  return {.bytes = head + document};
}

Scripted HostileRegistry::LimitRate(int count) const {
  static const std::vector<std::string> answers = {
      "429 Too Many Requests\r\nRetry-After: 0\r\n", "429 Too Many Requests\r\n",
      "503 Service Unavailable\r\nRetry-After: -5\r\n", "429 Too Many Requests\r\nRetry-After: 99999999999999\r\n",
      "200 OK\r\nRateLimit-Limit: 0;w=0\r\nRateLimit-Remaining: -1\r\n"};
  return ReplyStatus(answers[static_cast<std::size_t>(count) % answers.size()]);
}

Scripted HostileRegistry::WantToken(const Received& request, int count) {
  if (!request.target.starts_with("/token") || count % 5 == 0) {
    return ReplyStatus(
        fmt::format("401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"/token/{}\",service=\"{}\",scope=\"{}\"\r\n",
                    count, std::string(static_cast<std::size_t>(count) % 2000, 's'), count));
  }
  if (count % 3 == 0) return ReplyStatus("307 Temporary Redirect\r\nLocation: " + request.target + "x\r\n");
  const std::string token(static_cast<std::size_t>(count) * 997 % 20'000 + 1, 'T');
  return registry::Reply200(request, "", R"({"token":")" + token + R"(","expires_in":9223372036854775807})");
}

}  // namespace tagdrift::agent
