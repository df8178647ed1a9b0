#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/containerd_version.h"

namespace tagdrift::hosts {

// The part of a status line after "HTTP/1.1 ", with the usual reason.
inline std::string StatusText(int status) {
  struct Reason {
    int status;
    const char* text;
  };
  static constexpr Reason kReasons[] = {
      {300, " Multiple Choices"},
      {301, " Moved Permanently"},
      {302, " Found"},
      {303, " See Other"},
      {304, " Not Modified"},
      {307, " Temporary Redirect"},
      {308, " Permanent Redirect"},
      {400, " Bad Request"},
      {401, " Unauthorized"},
      {403, " Forbidden"},
      {404, " Not Found"},
      {405, " Method Not Allowed"},
      {408, " Request Timeout"},
      {410, " Gone"},
      {429, " Too Many Requests"},
      {500, " Internal Server Error"},
      {501, " Not Implemented"},
      {502, " Bad Gateway"},
      {503, " Service Unavailable"},
      {504, " Gateway Timeout"},
  };
  const auto* found =
      std::find_if(std::begin(kReasons), std::end(kReasons), [status](const Reason& r) { return r.status == status; });
  return std::to_string(status) + (found == std::end(kReasons) ? "" : found->text);
}

// containerd's words for a request that brought no HTTP answer.
inline std::string FailureText(const Answer& answer, std::string_view method, const std::string& url) {
  std::string detail = answer.failure_detail.empty() ? "no answer" : answer.failure_detail;
  if (answer.failure == Failure::kToken) return "failed to authorize: " + detail;
  return "failed to do request: " + std::string(method) + " \"" + url + "\": " + detail;
}

// The error that containerd reports when no host was taken.
class ResolveError {
 public:
  // Ordered by how far the exchange got.
  enum class Level { kNone, kTransport, kNotFound, kStatus, kTooLarge };

  explicit ResolveError(ContainerdVersion version) : by_level_(version.major >= 2) {}

  void Add(Level level, std::string text) {
    // 1.x keeps the first that is not a 404; 2.x the first of the highest level.
    const bool takes = by_level_ ? level > level_ : level_ == Level::kNone && level != Level::kNotFound;
    if (!takes) return;
    level_ = level;
    text_ = std::move(text);
  }
  Level level() const { return level_; }
  std::string Text(const std::string& reference) const {
    return level_ == Level::kNone || level_ == Level::kNotFound ? reference + ": not found" : text_;
  }

 private:
  bool by_level_;
  Level level_ = Level::kNone;
  std::string text_;
};

}  // namespace tagdrift::hosts
