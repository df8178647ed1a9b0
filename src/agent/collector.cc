#include "collector.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace tagdrift::agent {
namespace {

registry::Question QuestionOf(judge::QueryKind topic) {
  switch (topic) {
    case judge::QueryKind::kTag:
    case judge::QueryKind::kDigest:
      return registry::Question::kResolve;
    case judge::QueryKind::kManifest:
      return registry::Question::kManifest;
    case judge::QueryKind::kConfig:
      return registry::Question::kBlob;
  }
  return registry::Question::kResolve;
}

hosts::Answer OutOfTime() {
  hosts::Answer answer;
  answer.failure = hosts::Failure::kDeadline;
  answer.failure_detail = "no answer within the time given (--timeout)";
  return answer;
}

/// False for a name that was asked about although the node does not have it.
bool IsCached(const facts::CachedImage& image) {
  return image.target || image.cri_image_id || !image.candidates.empty();
}

std::string SharedKey(const judge::Route& route, const std::string& repository, const judge::HostQuery& ask) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", route.config.registry, repository, ask.host, static_cast<int>(ask.kind),
                     ask.digest->text());
}

}  // namespace

absl::StatusOr<std::vector<report::JudgedTag>> Collector::Collect(std::vector<facts::CachedImage> images,
                                                                  const Progress& progress, std::stop_token stop) {
  for (facts::CachedImage& image : images) {
    const judge::Route& route = routes_.at(image.reference.registry());
    entries_.push_back(Entry(std::move(image), route));
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (absl::Status status = Advance(i); !status.ok()) return status;
  }
  while (!sent_.empty()) {
    progress(settled_, entries_.size());
    auto reply = sources_.registry->Receive(options_.deadline, stop);
    absl::Status status = reply ? Take(reply->first, std::move(reply->second)) : GiveUp();
    if (!status.ok()) return status;
  }
  progress(settled_, entries_.size());

  std::vector<report::JudgedTag> tags;
  for (Entry& entry : entries_) {
    if (!entry.gone_from_node) tags.push_back({std::move(entry.facts), *std::move(entry.result)});
  }
  return tags;
}

absl::Status Collector::Advance(std::size_t index) {
  Entry& entry = entries_[index];
  while (!entry.result) {
    const std::vector<judge::MissingFact> needs = judge::Missing(entry.facts, *entry.route, context_);
    bool filled = false;
    for (const judge::MissingFact& need : needs) {
      if (const auto* read = std::get_if<judge::StoreQuery>(&need)) {
        if (absl::Status status = ReadFromStore(entry, *read); !status.ok()) return status;
        filled = true;
      } else if (Remember(entry, std::get<judge::HostQuery>(need))) {
        filled = true;
      } else if (out_of_time_) {
        entry.facts.answers.emplace(std::get<judge::HostQuery>(need), OutOfTime());
        filled = true;
      }
    }
    if (filled) continue;
    for (const judge::MissingFact& need : needs) {
      const auto& ask = std::get<judge::HostQuery>(need);
      if (!entry.under_way.insert(ask).second) continue;
      if (ask.kind == judge::QueryKind::kTag) {
        Send(index, ask, registry::Question::kResolve);
      } else {
        SendContentAsk(index, ask);
      }
    }
    // A shared answer may have been there already.
    if (!entry.under_way.empty()) return absl::OkStatus();
    if (!needs.empty()) continue;

    judge::TagResult result = judge::JudgeTag(entry.facts, *entry.route, context_);
    absl::StatusOr<bool> again = LookAgain(index, result);
    if (!again.ok()) return again.status();
    if (*again) continue;
    entry.result = std::move(result);
    ++settled_;
  }
  return absl::OkStatus();
}

absl::Status Collector::ReadFromStore(Entry& entry, const judge::StoreQuery& need) {
  auto content = need.is_config ? content_.Config(need.digest) : content_.Document(need.digest, need.media_type);
  if (!content.ok()) return content.status();
  entry.facts.stored.insert_or_assign(need.digest, *std::move(content));
  return absl::OkStatus();
}

void Collector::Send(std::size_t index, const judge::HostQuery& ask, registry::Question question) {
  const Entry& entry = entries_[index];
  const image::Reference& reference = entry.facts.image.reference;
  registry::Request request;
  request.host = entry.route->hosts[ask.host];
  request.registry = reference.registry();
  request.repository = reference.repository();
  request.object = ask.digest ? ask.digest->text() : *reference.tag();
  request.media_type = ask.media_type;
  request.question = question;
  const std::uint64_t ticket = next_ticket_++;
  const std::string key =
      ask.kind == judge::QueryKind::kTag ? "" : SharedKey(*entry.route, reference.repository(), ask);
  sent_.emplace(ticket, Sent{index, ask, key});
  sources_.registry->Send(ticket, std::move(request));
}

bool Collector::Remember(Entry& entry, const judge::HostQuery& ask) {
  const bool asks_content = ask.kind == judge::QueryKind::kManifest || ask.kind == judge::QueryKind::kConfig;
  if (sources_.known == nullptr || !asks_content || entry.facts.fetched.contains(*ask.digest)) return false;
  const facts::Content* content = sources_.known->Find(ask);
  if (content != nullptr) entry.facts.fetched.emplace(*ask.digest, *content);
  return content != nullptr;
}

void Collector::SendContentAsk(std::size_t index, const judge::HostQuery& ask) {
  Entry& entry = entries_[index];
  const std::string key = SharedKey(*entry.route, entry.facts.image.reference.repository(), ask);
  if (const ContentAnswer* known = shared_.Find(key)) {
    entry.under_way.erase(ask);
    entry.facts.answers.insert_or_assign(ask, known->answer);
    if (known->content) entry.facts.fetched.insert_or_assign(*ask.digest, *known->content);
    return;
  }
  if (shared_.Wait(key, {index, ask})) Send(index, ask, QuestionOf(ask.kind));
}

absl::StatusOr<bool> Collector::LookAgain(std::size_t index, const judge::TagResult& result) {
  Entry& entry = entries_[index];
  const bool settled = result.verdict == judge::Verdict::kFresh && !result.downgrade_risk;
  if (settled || entry.looked_again || result.verdict == judge::Verdict::kImmutable) return false;
  entry.looked_again = true;

  node::ContainerdClient* store = context_.has_content_store ? sources_.runtime->containerd.get() : nullptr;
  auto image = node::ReadAgain(*sources_.runtime->cri, store, entry.facts.image);
  if (!image.ok()) return image.status();
  if (!*image && IsCached(entry.facts.image)) {
    entry.gone_from_node = true;
    return false;
  }
  if (!*image) *image = entry.facts.image;
  const std::set<std::size_t> hosts = judge::SecondLook(entry.facts, *entry.route, result);
  node::ContentReader fresh_content(store);
  if (absl::Status status = node::ReadContent(fresh_content, context_.platform, **image); !status.ok()) return status;
  const bool moved = !(entry.facts.image == **image);
  entry.facts.image = **std::move(image);
  if (out_of_time_ || hosts.empty()) return moved;

  entry.facts.second_look = true;
  for (const std::size_t host : hosts) {
    const judge::HostQuery ask{host, judge::QueryKind::kTag, std::nullopt, ""};
    auto answer = entry.facts.answers.extract(ask);
    // Behind a 404, a GET shows the registry's own words.
    const bool was_missing = answer.mapped().status == 404;
    entry.facts.first_answers.emplace(host, std::move(answer.mapped()));
    entry.under_way.insert(ask);
    Send(index, ask, was_missing ? registry::Question::kConfirm : registry::Question::kResolve);
  }
  return true;
}

absl::Status Collector::Take(std::uint64_t ticket, registry::Reply reply) {
  auto node = sent_.extract(ticket);
  if (node.empty()) return absl::OkStatus();
  const Sent& sent = node.mapped();
  if (sent.shared_key.empty()) {
    Entry& entry = entries_[sent.tag];
    entry.under_way.erase(sent.ask);
    entry.facts.answers.insert_or_assign(sent.ask, std::move(reply.answer));
    return Advance(sent.tag);
  }
  const ContentAnswer answer = ReadContentReply(sent.ask, std::move(reply));
  if (sources_.known != nullptr && answer.content && !std::holds_alternative<facts::NotThere>(*answer.content)) {
    sources_.known->Put(sent.ask, *answer.content, static_cast<std::size_t>(answer.answer.get->size));
  }
  for (const SharedAnswers::Waiter& waiter : shared_.Put(sent.shared_key, answer)) {
    Entry& entry = entries_[waiter.tag];
    entry.under_way.erase(waiter.ask);
    entry.facts.answers.insert_or_assign(waiter.ask, answer.answer);
    if (answer.content) entry.facts.fetched.insert_or_assign(*waiter.ask.digest, *answer.content);
    if (absl::Status status = Advance(waiter.tag); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Collector::GiveUp() {
  out_of_time_ = true;
  sent_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    for (const judge::HostQuery& ask : std::exchange(entry.under_way, {})) {
      // The first look's answer stands where the second one did not come in time.
      const auto first = entry.facts.first_answers.find(ask.host);
      const bool second = ask.kind == judge::QueryKind::kTag && first != entry.facts.first_answers.end();
      entry.facts.answers.insert_or_assign(ask, second ? first->second : OutOfTime());
    }
    if (absl::Status status = Advance(i); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace tagdrift::agent
