#include "registry/client/network_view.h"

#include "registry/http/proxy_rules.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxProxies = 1000;

}  // namespace

Way NetworkView::WayTo(const Url& url) {
  if (!HasProxies()) return {.proxy = {}, .trust = trust_key_};
  if (proxies_.size() >= kMaxProxies) proxies_.clear();
  const auto [entry, added] = proxies_.try_emplace(url.Origin());
  if (added) entry->second = ProxyFor(url, network_->proxy_environment);
  return {.proxy = entry->second, .trust = trust_key_};
}

bool NetworkView::UsesProxy(const Url& url) const { return !ProxyFor(url, network_->proxy_environment).empty(); }

std::string TrustKeyOf(const Network& network) {
  return network.ca_pem.empty() ? std::string() : image::Digest::OfBytes(network.ca_pem).text();
}

std::shared_ptr<NetworkView> NetworkViews::Of(std::shared_ptr<const Network> network, const std::string& trust_key) {
  std::erase_if(views_, [](const auto& view) { return view.expired(); });
  std::erase_if(pools_, [](const auto& entry) { return entry.second.expired(); });
  for (const std::weak_ptr<NetworkView>& one : views_) {
    if (std::shared_ptr<NetworkView> view = one.lock(); view && view->Shows(*network, trust_key)) return view;
  }
  std::weak_ptr<TrustPool>& known = pools_[trust_key];
  std::shared_ptr<TrustPool> trust = known.lock();
  if (!trust) known = trust = TrustPool::Of(network->ca_pem);
  auto view = std::make_shared<NetworkView>(std::move(network), trust_key, std::move(trust));
  views_.push_back(view);
  return view;
}

std::size_t NetworkViews::trust_stores() const {
  std::size_t stores = 0;
  for (const auto& [key, pool] : pools_) {
    if (const std::shared_ptr<TrustPool> one = pool.lock()) stores += one->stores();
  }
  return stores;
}

}  // namespace tagdrift::registry
