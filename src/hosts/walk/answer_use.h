#pragma once

#include <optional>
#include <string>

#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/walk.h"

namespace tagdrift::hosts {

inline bool IsRedirect(int status) { return status >= 300 && status <= 399; }
inline bool IsError(int status) { return status > 299; }

// Why nothing may be concluded from the answer, or nothing if containerd would have got it too.
inline std::optional<std::string> OwnRefusal(Failure failure) {
  switch (failure) {
    case Failure::kNone:
    case Failure::kName:
    case Failure::kConnect:
    case Failure::kTls:
    case Failure::kTimeout:
    case Failure::kClosed:
    case Failure::kRedirectLoop:
    case Failure::kToken:
    case Failure::kUnusable:
      return std::nullopt;
    case Failure::kRefusedRedirect:
      return "redirects to where tagdrift does not follow";
    case Failure::kRefusedRealm:
      return "names a token server that tagdrift does not ask";
    case Failure::kDeadline:
      return "did not answer within tagdrift's own time";
    case Failure::kBudget:
      return "was not asked: tagdrift's own limit on requests to it";
  }
  return std::nullopt;
}

// How a recorded answer counts for a puller that may hold other credentials than tagdrift.
enum class AnswerUse {
  kCounts,   // as it is
  kRefused,  // this puller gets 401 (or the status given) instead
  kUnknown,  // the kubelet may hold credentials that tagdrift does not
};

inline bool IsDenied(const Answer& answer) {
  const int status = answer.get ? answer.get->status : answer.status;
  return answer.access == Access::kDenied || answer.status == 401 || answer.status == 403 || status == 401 ||
         status == 403;
}

inline AnswerUse UseOf(const Answer& answer, Puller puller) {
  switch (puller) {
    case Puller::kWithCredentials:
      return IsDenied(answer) ? AnswerUse::kUnknown : AnswerUse::kCounts;
    case Puller::kAnonymous:
      if (answer.access == Access::kCredentials) return AnswerUse::kRefused;
      // Denied only at the follow-up GET: the HEAD was open, and what the GET said is looked at as such.
      return answer.access == Access::kDenied && (answer.status < 200 || IsError(answer.status)) ? AnswerUse::kRefused
                                                                                                 : AnswerUse::kCounts;
  }
  return AnswerUse::kCounts;
}

inline int RefusalStatus(const Answer& answer) {
  return answer.status == 401 || answer.status == 403 ? answer.status : 401;
}

}  // namespace tagdrift::hosts
