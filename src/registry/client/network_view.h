#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/http/endpoint.h"
#include "registry/http/url.h"
#include "registry/tls/trust_pool.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// A network with what was made of it. Used by one thread at a time, but for UsesProxy and trust().
class NetworkView {
 public:
  NetworkView(std::shared_ptr<const Network> network, std::string trust_key, std::shared_ptr<TrustPool> trust)
      : network_(std::move(network)), trust_key_(std::move(trust_key)), trust_(std::move(trust)) {}

  /// How to reach `url`.
  Way WayTo(const Url& url);
  bool HasProxies() const { return !network_->proxy_environment.empty(); }
  bool UsesProxy(const Url& url) const;
  const std::shared_ptr<TrustPool>& trust() const { return trust_; }
  bool Shows(const Network& network, const std::string& trust_key) const {
    return trust_key_ == trust_key && network_->proxy_environment == network.proxy_environment;
  }

 private:
  const std::shared_ptr<const Network> network_;
  const std::string trust_key_;
  const std::shared_ptr<TrustPool> trust_;
  std::map<std::string, std::string> proxies_;  ///< by origin; secret
};

/// The digest of a CA bundle; empty for an empty one.
std::string TrustKeyOf(const Network& network);

/// The networks in use: equal ones are one, and equal CA bundles are indexed once. Used by one thread at a time.
class NetworkViews {
 public:
  /// `trust_key` as TrustKeyOf gives it.
  std::shared_ptr<NetworkView> Of(std::shared_ptr<const Network> network, const std::string& trust_key);
  /// How many sets of certificate authorities are in use.
  std::size_t trust_stores() const;

 private:
  std::vector<std::weak_ptr<NetworkView>> views_;
  std::map<std::string, std::weak_ptr<TrustPool>> pools_;
};

}  // namespace tagdrift::registry
