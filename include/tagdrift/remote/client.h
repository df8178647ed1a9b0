#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/remote/address.h"
#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/node_cache.pb.h"

/// The client of a running agent.
namespace tagdrift::remote {

class Connection;

/// What an action tells while the agent works on it; called from the thread that waits for its end.
struct ActionHooks {
  std::function<void(const v1::Plan&)> plan = {};  ///< before it is done
  std::function<void(const v1::ActionProgress&)> progress = {};
};

/// A running agent. Thread safe. Every call ends soon after its context does.
///
/// Text in answers is printable (report::MakePrintable), whoever answers. Errors are one line that says what to do.
/// InvalidArgument: the agent refuses what the operator wrote. Cancelled: the context's stop, and nothing else.
class Client {
 public:
  /// Does no I/O: the first call reads the files of `address` and looks for the agent.
  static Client Connect(Address address);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;

  /// The whole report: pages are asked for and joined, `page_size` and `page_token` of the request do not count. Begins
  /// anew, a few times at most, where the report changes between two pages.
  absl::StatusOr<v1::GetReportResponse> GetReport(v1::GetReportRequest request, const CallContext& context);
  absl::StatusOr<v1::NodeReport> Explain(const v1::ExplainRequest& request, const CallContext& context);
  absl::StatusOr<v1::MirrorsReport> ListRegistries(const v1::ListRegistriesRequest& request,
                                                   const CallContext& context);
  absl::StatusOr<v1::ImageList> ListImages(const v1::ListImagesRequest& request, const CallContext& context);

  /// One result for each reference of the request, in their order; they are canonical and named once each. Where the
  /// call ends before all have their outcome, the others are FAILED with the reason, or STOPPED where nothing was to be
  /// changed. Errors: it ended before the agent told of any.
  absl::StatusOr<v1::ActionReport> Act(const v1::RefreshRequest& request, const ActionHooks& hooks,
                                       const CallContext& context);
  absl::StatusOr<v1::ActionReport> Act(const v1::PrePullRequest& request, const ActionHooks& hooks,
                                       const CallContext& context);
  absl::StatusOr<v1::ActionReport> Act(const v1::EvictRequest& request, const ActionHooks& hooks,
                                       const CallContext& context);

 private:
  explicit Client(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

/// Whether a call failed because the agent does not let the caller do that, rather than that nobody could be asked.
bool IsRefusal(const absl::Status& failure);

}  // namespace tagdrift::remote
