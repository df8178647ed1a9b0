#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/statusor.h"
#include "tagdrift/remote/address.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::remote {

/// The stubs of both services of the agent at an address. Thread safe.
class Connection {
 public:
  struct Stubs {
    std::unique_ptr<v1::NodeCache::Stub> reading;
    std::unique_ptr<v1::NodeCacheActions::Stub> acting;
  };

  explicit Connection(Address address) : address_(std::move(address)) {}

  const Address& address() const { return address_; }
  /// Made by the first call, which reads the files of the address. Errors: FailedPrecondition naming the file.
  absl::StatusOr<std::shared_ptr<const Stubs>> GetStubs();

 private:
  const Address address_;
  std::mutex mutex_;
  std::shared_ptr<const Stubs> stubs_;
};

}  // namespace tagdrift::remote
