#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "registry/test_server.h"
#include "sample_image.h"

namespace tagdrift::agent {

/// A registry on a loopback port of its own. Tags and content may change between requests; every repository has all of
/// the content. Thread safe.
class FakeRegistry {
 public:
  FakeRegistry();
  /// Lets go what is held.
  ~FakeRegistry();
  FakeRegistry(const FakeRegistry&) = delete;
  FakeRegistry& operator=(const FakeRegistry&) = delete;

  std::string Url() const { return "http://" + server_->Authority(); }

  void Push(const std::string& repository, const std::string& tag, const SampleImage& image);
  void RemoveTag(const std::string& repository, const std::string& tag);
  /// Content without a tag.
  void Add(const SampleImage& image);
  void RemoveContent(const image::Digest& digest);

  /// Instead of every answer to requests for what contains `part`: a status line's rest with headers, each line with
  /// its end ("429 Too Many Requests\r\n").
  void AnswerWith(const std::string& part, const std::string& status);
  /// Called once, when the first answer to a request for what contains `part` has been made up and is not sent yet.
  void AfterFirst(const std::string& part, std::function<void()> act);

  /// Answers to requests for what contains `part` are made up, but not sent until Release.
  void Hold(const std::string& part);
  /// The same for the one request after `more` further ones.
  void HoldAfter(int more);
  void Release();
  /// Waits until an answer is, or was, held. False: `stop` came before.
  bool AwaitHeld(std::stop_token stop = {});

  /// Requests of `method` for what contains `part`.
  int Count(const std::string& method, const std::string& part = "") const;
  int Count() const { return static_cast<int>(server_->received().size()); }

 private:
  registry::Scripted Answer(const registry::Received& request);
  registry::Scripted Look(const registry::Received& request) const;
  bool IsHeld(const std::string& target);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::pair<std::string, std::string>, image::Digest> tags_;  ///< by repository and tag
  std::map<std::string, std::string> content_;                         ///< by digest
  std::map<std::string, std::string> statuses_;                        ///< by part
  std::map<std::string, std::function<void()>> acts_;                  ///< by part
  std::string held_part_;
  int before_hold_ = -1;  ///< negative: none
  bool holding_ = false;
  bool held_ = false;
  std::unique_ptr<registry::TestServer> server_;
};

}  // namespace tagdrift::agent
