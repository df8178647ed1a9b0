#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::agent {

/// Writes the audit of one action; see ActionHooks::audit. One thread uses it.
class Audit {
 public:
  /// All but `node`, the node's name, outlive this.
  Audit(const ActionHooks& hooks, const ActionRequest& request, const Clock& clock, std::string node)
      : hooks_(hooks), request_(request), clock_(clock), node_(std::move(node)) {}

  /// What `plan` is going to change. Errors: it could not be written.
  absl::Status Intend(const judge::Plan& plan);
  /// How the action ended. Adds to the outcome how many lines could not be written.
  void Conclude(report::ActionOutcome& outcome);

 private:
  friend class AuditedChange;
  absl::Status Write(report::AuditEvent event, const std::string& change, const std::string& detail);

  const ActionHooks& hooks_;
  const ActionRequest& request_;
  const Clock& clock_;
  const std::string node_;
  int lost_ = 0;
};

/// True where containerd may carry out all the same what it was asked, although the call ended with `status`.
bool MayComeTrue(const absl::Status& status);

/// One change of the node: a line when this is made, one at its end. A change of whose end nobody told is not sure.
class AuditedChange {
 public:
  /// `change` in the imperative: "remove the name NAME".
  AuditedChange(Audit& audit, std::string change);
  ~AuditedChange();
  AuditedChange(const AuditedChange&) = delete;
  AuditedChange& operator=(const AuditedChange&) = delete;

  /// By what containerd answered: after a call that was cut short it may carry the change out all the same.
  void End(const absl::Status& status);
  void End(report::AuditEvent event, const std::string& detail);

 private:
  Audit& audit_;
  const std::string change_;
  bool ended_ = false;
};

}  // namespace tagdrift::agent
