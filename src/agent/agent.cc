#include "tagdrift/agent/agent.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "act.h"
#include "action_facts.h"
#include "delivered_cache.h"
#include "disk_reservations.h"
#include "history.h"
#include "observation.h"
#include "round.h"
#include "tagdrift/call/linked_stop.h"
#include "tagdrift/node/content_cache.h"

namespace tagdrift::agent {
namespace {

constexpr std::size_t kDeliveredBytes = 8 << 20;
constexpr std::size_t kStoredBytes = 8 << 20;

}  // namespace

class Agent::State {
 public:
  State(Options options, node::RuntimeClients runtime, std::shared_ptr<credentials::Sources> credentials,
        std::unique_ptr<registry::Client> registry)
      : options_(std::move(options)),
        runtime_(std::move(runtime)),
        credentials_(std::move(credentials)),
        registry_(std::move(registry)) {}

  ~State() {
    stop_.request_stop();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return calls_ == 0; });
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  absl::Status Ready(const CallContext& context) {
    const Call call(*this, context);
    const auto tree = hosts::FileTree::Open(options_.host_root);
    if (!tree.ok()) return tree.status();
    const auto version = node::Reach(EndpointOf(options_), runtime_, call.context());
    return version.ok() ? credentials_->Load(call.context()) : version.status();
  }

  absl::StatusOr<report::Round> Check(const CheckOptions& options, const CallContext& context) {
    const Call call(*this, context);
    auto seen = ObserveAll(options.with_containers, call.context());
    if (!seen.ok()) return seen.status();
    const std::shared_ptr<const hosts::FileTree> tree = seen->tree;
    auto network = options.with_plans ? std::make_shared<const registry::Network>(seen->network) : nullptr;
    auto round = RunRound(shared_, *std::move(seen), options, call.context());
    if (!round.ok()) return round;
    if (options.with_plans) AddPlanFacts(shared_, *tree, std::move(network), call.context(), *round);
    round->credential_hosts = credentials_->Hosts(call.context());
    if (options.subject) FindCredentials(*round, call.context());
    return round;
  }

  report::ActionResult Act(const ActionRequest& request, const ActionHooks& hooks, const CallContext& context) {
    const Call call(*this, context);
    const ActionResources resources{
        .shared = shared_, .credentials = *credentials_, .disk = disk_, .observe = [this](const CallContext& inner) {
          return ObserveAll(true, inner);
        }};
    return RunAction(resources, request, hooks, call.context());
  }

  absl::StatusOr<facts::Node> Images(const Selection& selection, const CallContext& context) {
    const Call call(*this, context);
    auto seen = ObserveNode({.containers = true, .network = false}, call.context());
    if (!seen.ok()) return seen.status();
    auto images = Select(selection, seen->node);
    if (!images.ok()) return images.status();
    seen->node.images = *std::move(images);
    return std::move(seen->node);
  }

  absl::StatusOr<RegistryConfiguration> Configuration(const CallContext& context) {
    const Call call(*this, context);
    auto seen = ObserveNode({.containers = false, .network = false}, call.context());
    if (!seen.ok()) return seen.status();
    RegistryConfiguration configuration{
        .tree = seen->tree, .settings = std::move(seen->settings), .cached_registries = {}};
    for (const facts::CachedImage& image : seen->node.images) {
      configuration.cached_registries.insert(image.reference.registry());
    }
    return configuration;
  }

  absl::Status FollowNode(const std::function<void()>& changed, const CallContext& context) {
    const Call call(*this, context);
    if (runtime_.changes == nullptr) return absl::UnimplementedError("the runtime tells of no changes");
    return runtime_.changes->Follow(changed, call.context());
  }

  absl::Status FollowPods(const std::function<void()>& changed, const CallContext& context) {
    const kube::PodsFrom from = options_.kube.from;
    if (from != kube::PodsFrom::kApi && from != kube::PodsFrom::kAuto) {
      return absl::UnimplementedError("the API server is not to be asked for pods");
    }
    if (from == kube::PodsFrom::kAuto && pods_by_ != facts::PodSource::kApi) return absl::OkStatus();
    const Call call(*this, context);
    return pods_.Follow(NodeName(options_), changed, call.context());
  }

  registry::Client::Counts counts() const { return registry_->counts(); }

 private:
  /// A call that is under way: ends with the agent too.
  class Call {
   public:
    Call(State& state, const CallContext& context)
        : state_(state), stop_(context.stop, state.stop_.get_token()), context_{context.deadline, stop_.token()} {
      const std::lock_guard lock(state_.mutex_);
      ++state_.calls_;
    }
    ~Call() {
      const std::lock_guard lock(state_.mutex_);
      if (--state_.calls_ == 0) state_.idle_.notify_all();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    const CallContext& context() const { return context_; }

   private:
    State& state_;
    LinkedStop stop_;
    CallContext context_;
  };

  /// Says what there is, once and when it has changed.
  absl::StatusOr<Observation> ObserveNode(ObservationScope scope, const CallContext& context) {
    auto seen = Observe(options_, runtime_, pods_, scope, context);
    if (!seen.ok()) return seen;
    if (scope.containers && scope.network) pods_by_ = seen->node.pods.source;
    const std::lock_guard lock(mutex_);
    if (std::exchange(said_, seen->in_words) != seen->in_words) spdlog::info("{}", seen->in_words);
    return seen;
  }

  /// With what asking registries needs.
  absl::StatusOr<Observation> ObserveAll(bool containers, const CallContext& context) {
    auto seen = ObserveNode({.containers = containers, .network = true}, context);
    if (!seen.ok()) return seen.status();
    if (absl::Status loaded = credentials_->Load(context); !loaded.ok()) return loaded;
    credentials_->UseEndpointAuths(seen->settings.endpoint_auths);
    return seen;
  }

  void FindCredentials(report::Round& round, const CallContext& context) const {
    for (report::JudgedTag& tag : round.tags) {
      const image::Reference& reference = tag.facts.image.reference;
      for (const auto& host : round.routes.at(reference.registry()).hosts) {
        tag.credential_sources.push_back(credentials_->Places(host->host, reference.repository(), context));
      }
    }
  }

  const Options options_;
  node::RuntimeClients runtime_;
  const std::shared_ptr<credentials::Sources> credentials_;
  const std::unique_ptr<registry::Client> registry_;
  node::ContentCache stored_{kStoredBytes};
  DeliveredCache delivered_{kDeliveredBytes};
  History history_{options_.state_dir};
  DiskReservations disk_;
  kube::PodWatch pods_{options_.kube, options_.environment};
  std::atomic<facts::PodSource> pods_by_ = facts::PodSource::kNone;  ///< at the last look
  const Shared shared_{.runtime = runtime_,
                       .registry = *registry_,
                       .stored = stored_,
                       .delivered = delivered_,
                       .history = history_,
                       .clock = *options_.clock};
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int calls_ = 0;     ///< mutex_
  std::string said_;  ///< of the node; mutex_
};

absl::StatusOr<std::unique_ptr<Agent>> Agent::Make(Options options) {
  auto runtime = node::MakeClients(EndpointOf(options));
  if (!runtime.ok()) return runtime.status();
  return Make(std::move(options), *std::move(runtime));
}

absl::StatusOr<std::unique_ptr<Agent>> Agent::Make(Options options, node::RuntimeClients runtime) {
  auto credentials = credentials::Sources::Make(options.credentials);
  if (!credentials.ok()) return credentials.status();
  const std::shared_ptr<credentials::Sources> sources = *std::move(credentials);
  auto registry = registry::Client::Create(options.registry, sources);
  if (!registry.ok()) return registry.status();
  return std::unique_ptr<Agent>(
      new Agent(std::make_unique<State>(std::move(options), std::move(runtime), sources, *std::move(registry))));
}

Agent::Agent(std::unique_ptr<State> state) : state_(std::move(state)) {}
Agent::~Agent() = default;

absl::Status Agent::Ready(const CallContext& context) { return state_->Ready(context); }

absl::StatusOr<report::Round> Agent::Check(const CheckOptions& options, const CallContext& context) {
  return state_->Check(options, context);
}

report::ActionResult Agent::Act(const ActionRequest& request, const ActionHooks& hooks, const CallContext& context) {
  return state_->Act(request, hooks, context);
}

absl::StatusOr<facts::Node> Agent::Images(const Selection& selection, const CallContext& context) {
  return state_->Images(selection, context);
}

absl::StatusOr<RegistryConfiguration> Agent::Configuration(const CallContext& context) {
  return state_->Configuration(context);
}

absl::Status Agent::FollowNode(const std::function<void()>& changed, const CallContext& context) {
  return state_->FollowNode(changed, context);
}

absl::Status Agent::FollowPods(const std::function<void()>& changed, const CallContext& context) {
  return state_->FollowPods(changed, context);
}

registry::Client::Counts Agent::counts() const { return state_->counts(); }

}  // namespace tagdrift::agent
