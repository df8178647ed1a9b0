#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "find_image.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::agent {

/// Asks the hosts that containerd would ask for content by digest, in its order, one question at a time.
class Deliveries {
 public:
  Deliveries(registry::Client& client, const judge::Route& route, const image::Reference& reference,
             absl::Time deadline, std::stop_token stop)
      : client_(client), route_(route), reference_(reference), deadline_(deadline), stop_(std::move(stop)) {}

  /// From the first host that has it; the origin is asked last where containerd does not ask it.
  std::optional<Fetched> Fetch(const image::Digest& digest, const std::string& media_type, bool is_config);

  /// What each of containerd's hosts said of the image `digest`, up to the first that has it.
  std::vector<judge::Delivery> Of(const image::Digest& digest);

 private:
  /// `answer` becomes the host's last one.
  std::optional<Fetched> FetchFrom(std::size_t host, const image::Digest& digest, std::string media_type,
                                   bool is_config, hosts::Answer& answer);
  registry::Reply Ask(std::size_t host, const image::Digest& digest, const std::string& media_type,
                      registry::Question question);
  /// Hosts that a pull by digest would ask, without those that would be asked the same twice.
  std::vector<std::size_t> PullHosts() const;

  registry::Client& client_;
  const judge::Route& route_;
  const image::Reference& reference_;
  absl::Time deadline_;
  std::stop_token stop_;
  std::uint64_t next_ticket_ = std::uint64_t{1} << 62;  ///< apart from those of a round
};

}  // namespace tagdrift::agent
