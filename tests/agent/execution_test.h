#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/execution.h"
#include "fake_node.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::agent {

/// "begun", "done", …
inline std::string EventText(report::AuditEvent event) {
  static constexpr const char* kTexts[] = {"intent", "begun", "done", "failed", "unsure", "outcome"};
  return kTexts[static_cast<std::size_t>(event)];
}

/// Carries out plans on a fake node, under the tag's lock. No registry is asked.
class ExecutionTest : public testing::Test {
 protected:
  ExecutionTest(judge::ActionKind action, const std::string& tag)
      : request_{.action = action,
                 .reference = *image::Reference::Parse(tag),
                 .cri_settle_timeout = absl::Milliseconds(30)} {
    hooks_.audit = [this](const report::AuditRecord& record) {
      audit_.push_back(EventText(record.event) + ": " + record.change);
      return absl::OkStatus();
    };
  }

  template <typename Act>
  report::ActionOutcome CarryOut(Act act, judge::ActionFacts facts, const judge::Plan& plan) {
    facts.platform = SamplePlatform();
    const CallContext context{.stop = stop_.get_token()};
    const Finishing finishing(*clock_, context.stop);
    auto lock = TagLock::Acquire(*node_.clients.containerd_actions, *clock_, finishing, request_.reference.Canonical(),
                                 context);
    EXPECT_TRUE(lock.ok()) << lock.status();
    meanwhile_();
    Audit audit(hooks_, request_, *clock_, "node-1");
    return act(Execution{.shared = shared_,
                         .credentials = *credentials_,
                         .request = request_,
                         .hooks = hooks_,
                         .context = context,
                         .finishing = finishing,
                         .lock = **lock,
                         .digest_lock = nullptr,
                         .audit = audit,
                         .facts = facts,
                         .plan = plan});
  }

  /// What the audit says, without time and names: "done: re-point …".
  std::vector<std::string> audit_;
  FakeNode node_;
  std::function<void()> meanwhile_ = [] {};
  ActionRequest request_;
  ActionHooks hooks_;
  std::stop_source stop_;

 private:
  std::shared_ptr<const Clock> clock_ = SystemClock();
  std::shared_ptr<const registry::CredentialSource> credentials_ = registry::NoCredentials();
  std::unique_ptr<registry::Client> registry_ = *registry::Client::Create({}, credentials_);
  node::ContentCache stored_{0};
  DeliveredCache delivered_{0};
  History history_{""};
  Shared shared_{.runtime = node_.clients,
                 .registry = *registry_,
                 .stored = stored_,
                 .delivered = delivered_,
                 .history = history_,
                 .clock = *clock_};
};

}  // namespace tagdrift::agent
