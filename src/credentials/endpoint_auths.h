#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "credentials/source.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// containerd's own `registry.configs."HOST".auth`, for exactly that host. In an entry the user name counts before the
/// identity token, and that before `auth`, as in containerd.
class EndpointAuths : public Source {
 public:
  explicit EndpointAuths(Warn warn) : warn_(std::move(warn)) {}

  /// Replaces those used before. One that cannot be used is warned about.
  void Use(const std::map<std::string, hosts::EndpointAuth>& auths);

  absl::Status Load(const CallContext&) override { return absl::OkStatus(); }
  absl::StatusOr<Candidates> Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) override;
  std::vector<std::string> Hosts(const CallContext& context) override;
  std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                  const CallContext& context) override;

 private:
  using ByHost = std::map<std::string, registry::Credential, std::less<>>;

  const Warn warn_;
  std::mutex mutex_;
  ByHost by_host_;
};

}  // namespace tagdrift::credentials
