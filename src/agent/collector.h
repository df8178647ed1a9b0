#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "shared_answers.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/judge/judge.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::agent {

/// Brings every tag to the point where the judge needs nothing more. One thread: it sends what is missing, takes
/// whatever reply comes first, and goes on with the tags that waited for it.
class Collector {
 public:
  Collector(const Sources& sources, const CheckOptions& options, const judge::Context& context,
            const std::map<std::string, judge::Route>& routes, node::ContentReader& content)
      : sources_(sources), options_(options), context_(context), routes_(routes), content_(content) {}

  /// Errors: the node could not be read.
  absl::StatusOr<std::vector<report::JudgedTag>> Collect(std::vector<facts::CachedImage> images,
                                                         const Progress& progress, std::stop_token stop);

 private:
  struct Entry {
    Entry(facts::CachedImage image, const judge::Route& tags_route)
        : facts{.image = std::move(image)}, route(&tags_route) {}

    judge::TagFacts facts;
    const judge::Route* route;
    std::set<judge::HostQuery> under_way;
    bool looked_again = false;
    bool gone_from_node = false;
    std::optional<judge::TagResult> result;
  };
  struct Sent {
    std::size_t tag;
    judge::HostQuery ask;
    std::string shared_key;  ///< empty for a question about the tag itself
  };

  absl::Status Advance(std::size_t index);
  absl::Status ReadFromStore(Entry& entry, const judge::StoreQuery& need);
  void Send(std::size_t index, const judge::HostQuery& ask, registry::Question question);
  /// True if what the question is about was fetched before.
  bool Remember(Entry& entry, const judge::HostQuery& ask);
  void SendContentAsk(std::size_t index, const judge::HostQuery& ask);
  /// Reads the node again and asks origin and differing hosts once more. True if there is something new to judge.
  absl::StatusOr<bool> LookAgain(std::size_t index, const judge::TagResult& result);
  absl::Status Take(std::uint64_t ticket, registry::Reply reply);
  absl::Status GiveUp();

  const Sources& sources_;
  const CheckOptions& options_;
  const judge::Context& context_;
  const std::map<std::string, judge::Route>& routes_;
  node::ContentReader& content_;
  std::vector<Entry> entries_;
  std::map<std::uint64_t, Sent> sent_;
  SharedAnswers shared_;
  std::uint64_t next_ticket_ = 1;
  bool out_of_time_ = false;
  std::size_t settled_ = 0;
};

}  // namespace tagdrift::agent
