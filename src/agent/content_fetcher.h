#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/registry/client.h"
#include "wanted_image.h"

namespace tagdrift::agent {

/// Asks the hosts that containerd would ask for content by digest, in its order, one question at a time. What a host
/// said of a digest is asked once.
class ContentFetcher {
 public:
  /// All outlive this.
  ContentFetcher(registry::Batch& batch, const judge::Route& route, const image::Reference& reference)
      : batch_(batch), route_(route), reference_(reference) {}

  /// From the first host that has it; the origin is asked last where containerd does not ask it.
  std::optional<Fetched> Fetch(const image::Digest& digest, const std::string& media_type, bool is_config);

  /// What each of containerd's hosts said of the image `digest`, up to the first that has it.
  std::vector<judge::Delivery> DeliveriesOf(const image::Digest& digest);

 private:
  struct HostAnswer {
    hosts::Answer answer;
    std::optional<Fetched> fetched;
  };

  const HostAnswer& FetchFrom(std::size_t host, const image::Digest& digest, const std::string& media_type,
                              bool is_config);
  HostAnswer AskForContent(std::size_t host, const image::Digest& digest, std::string media_type, bool is_config);
  registry::Reply Ask(std::size_t host, const image::Digest& digest, const std::string& media_type,
                      registry::Question question);
  /// Hosts that a pull by digest would ask, without those that would be asked the same twice.
  std::vector<std::size_t> PullHosts() const;

  registry::Batch& batch_;
  const judge::Route& route_;
  const image::Reference& reference_;
  std::map<std::tuple<std::size_t, image::Digest, bool>, HostAnswer> asked_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace tagdrift::agent
