#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "round.h"
#include "shared_answers.h"
#include "tagdrift/judge/judge.h"
#include "tagdrift/node/content_reader.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// Brings every tag to the point where the judge needs nothing more. One thread: it sends what is missing, takes
/// whatever reply comes first, and goes on with the tags that waited for it. What cannot be read of one tag is that
/// tag's fact. Once the context has ended, what is not answered yet counts as not answered.
class Collector {
 public:
  /// All but the contexts outlive this. `batch` was opened with `context` and `budget`, which also counts what the
  /// delivered content takes: what there is no room for counts as not read (Failure::kBudget).
  Collector(const Shared& shared, const judge::Context& rules, const std::map<std::string, judge::Route>& routes,
            const History::Known& history, node::ContentReader& content, registry::Batch& batch, ByteBudget& budget,
            const Waiting& waiting, CallContext context)
      : shared_(shared),
        rules_(rules),
        routes_(routes),
        history_(history),
        content_(content),
        batch_(batch),
        budget_(budget),
        waiting_(waiting),
        context_(std::move(context)) {}

  /// The tags in the order of `images`, without those that went away meanwhile.
  std::vector<report::JudgedTag> Collect(std::vector<facts::CachedImage> images, const Progress& progress);

 private:
  struct Entry {
    Entry(const image::Reference& reference, const judge::Route& tags_route)
        : facts{.image = {.reference = reference}}, route(&tags_route) {}

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

  void Advance(std::size_t index);
  /// Answers all needs that need no registry. True if there were any.
  bool Fill(Entry& entry, const std::vector<judge::MissingFact>& needs);
  void ReadFromStore(Entry& entry, const judge::StoreQuery& need);
  void Send(std::size_t index, const judge::HostQuery& ask, registry::Question question);
  /// True if what the question is about was delivered before.
  bool UseDelivered(Entry& entry, const judge::HostQuery& ask);
  void SendContentAsk(std::size_t index, const judge::HostQuery& ask);
  /// Reads the node again and asks origin and differing hosts once more. True if there is something new to judge.
  bool LookAgain(std::size_t index, const judge::TagResult& result);
  /// Reads the name's record, view of the CRI and content anew. True if anything differs.
  bool ReadAgain(Entry& entry);
  /// Drops the content that the budget has no room for.
  void Hold(const Sent& sent, ContentAnswer& answer);
  void TakeReply(std::uint64_t ticket, registry::Reply reply);
  void GiveUp();
  hosts::Answer NoAnswer() const;

  const Shared& shared_;
  const judge::Context& rules_;
  const std::map<std::string, judge::Route>& routes_;
  const History::Known& history_;
  node::ContentReader& content_;
  registry::Batch& batch_;
  ByteBudget& budget_;
  const Waiting& waiting_;
  CallContext context_;
  std::vector<Entry> entries_;
  std::map<std::uint64_t, Sent> sent_;
  std::map<std::string, std::size_t> open_;  ///< questions that are not answered yet, by host
  SharedAnswers shared_answers_;
  std::uint64_t next_ticket_ = 1;
  bool stopped_ = false;
  bool out_of_time_ = false;
  std::size_t settled_ = 0;
};

}  // namespace tagdrift::agent
