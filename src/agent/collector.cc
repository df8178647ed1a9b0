#include "collector.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "content_prefetch.h"
#include "tagdrift/node/inventory.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

constexpr std::chrono::milliseconds kLastLook(500);

registry::Question QuestionOf(judge::QueryKind kind) {
  switch (kind) {
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

std::string SharedKey(const judge::Route& route, const std::string& repository, const judge::HostQuery& ask) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", route.config.registry, repository, ask.host, static_cast<int>(ask.kind),
                     ask.digest->text());
}

}  // namespace

std::vector<report::JudgedTag> Collector::Collect(std::vector<facts::CachedImage> images, const Progress& progress) {
  for (const facts::CachedImage& image : images) {
    const judge::Route& route = routes_.at(image.reference.registry());
    entries_.emplace_back(image.reference, route);
    entries_.back().facts.history = history_.Of(image.reference, route);
  }
  // The first contact with a registry takes longer than reading the node: questions go out while it is read.
  ContentPrefetch prefetch(content_, rules_.platform, images, context_);
  while (const std::optional<std::size_t> index = prefetch.Next()) {
    entries_[*index].facts.image = std::move(images[*index]);
    Advance(*index);
  }
  while (!sent_.empty()) {
    progress(settled_, entries_.size());
    if (auto reply = batch_.Receive()) {
      TakeReply(reply->first, std::move(reply->second));
    } else {
      GiveUp();
    }
  }
  progress(settled_, entries_.size());

  std::vector<report::JudgedTag> tags;
  for (Entry& entry : entries_) {
    if (!entry.gone_from_node) tags.push_back({std::move(entry.facts), *std::move(entry.result)});
  }
  return tags;
}

void Collector::Advance(std::size_t index) {
  Entry& entry = entries_[index];
  while (!entry.result) {
    const std::vector<judge::MissingFact> needs = judge::Missing(entry.facts, *entry.route, rules_);
    if (Fill(entry, needs)) continue;
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
    if (!entry.under_way.empty()) return;
    if (!needs.empty()) continue;

    judge::TagResult result = judge::JudgeTag(entry.facts, *entry.route, rules_);
    if (LookAgain(index, result)) continue;
    entry.result = std::move(result);
    ++settled_;
  }
}

bool Collector::Fill(Entry& entry, const std::vector<judge::MissingFact>& needs) {
  bool filled = false;
  for (const judge::MissingFact& need : needs) {
    if (const auto* read = std::get_if<judge::StoreQuery>(&need)) {
      ReadFromStore(entry, *read);
      filled = true;
    } else if (UseDelivered(entry, std::get<judge::HostQuery>(need))) {
      filled = true;
    } else if (out_of_time_) {
      entry.facts.answers.emplace(std::get<judge::HostQuery>(need), NoAnswer());
      filled = true;
    }
  }
  return filled;
}

void Collector::ReadFromStore(Entry& entry, const judge::StoreQuery& need) {
  const auto content = need.is_config ? content_.Config(need.digest, context_)
                                      : content_.Document(need.digest, need.media_type, context_);
  if (content.ok()) {
    entry.facts.stored.insert_or_assign(need.digest, *content);
    return;
  }
  entry.facts.image.unreadable = text::MessageOf(content.status());
  entry.facts.stored.insert_or_assign(need.digest, facts::NotThere{entry.facts.image.unreadable});
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
  waiting_(request.host->host, ++open_[request.host->host]);
  batch_.Send(ticket, std::move(request));
}

bool Collector::UseDelivered(Entry& entry, const judge::HostQuery& ask) {
  const bool asks_content = ask.kind == judge::QueryKind::kManifest || ask.kind == judge::QueryKind::kConfig;
  if (!asks_content || entry.facts.fetched.contains(*ask.digest)) return false;
  std::optional<facts::Content> content = shared_.delivered.Find(ask);
  if (!content) return false;
  entry.facts.fetched.emplace(*ask.digest, *std::move(content));
  return true;
}

void Collector::SendContentAsk(std::size_t index, const judge::HostQuery& ask) {
  Entry& entry = entries_[index];
  const std::string key = SharedKey(*entry.route, entry.facts.image.reference.repository(), ask);
  if (const ContentAnswer* known = shared_answers_.Find(key)) {
    entry.under_way.erase(ask);
    entry.facts.answers.insert_or_assign(ask, known->answer);
    if (known->content) entry.facts.fetched.insert_or_assign(*ask.digest, *known->content);
    return;
  }
  if (shared_answers_.Wait(key, {index, ask})) Send(index, ask, QuestionOf(ask.kind));
}

bool Collector::ReadAgain(Entry& entry) {
  facts::CachedImage& image = entry.facts.image;
  node::ContainerdClient* store = rules_.has_content_store ? shared_.runtime.containerd.get() : nullptr;
  auto now = node::ReadAgain(*shared_.runtime.cri, store, image, context_);
  if (now.ok() && !*now && image.IsCached()) {
    entry.gone_from_node = true;
    return false;
  }
  absl::Status status = now.status();
  if (status.ok() && *now) {
    node::ContentReader content(store, &shared_.stored);
    status = node::ReadContent(content, rules_.platform, **now, context_);
    if (status.ok() && image == **now) return false;
    if (status.ok()) image = **std::move(now);
  }
  if (!status.ok()) image.unreadable = "reading the tag again: " + text::MessageOf(status);
  return !status.ok() || now->has_value();
}

bool Collector::LookAgain(std::size_t index, const judge::TagResult& result) {
  Entry& entry = entries_[index];
  const bool settled = result.verdict == judge::Verdict::kFresh && !result.downgrade_risk;
  if (settled || entry.looked_again || result.verdict == judge::Verdict::kImmutable) return false;
  entry.looked_again = true;

  const std::set<std::size_t> hosts = judge::SecondLook(entry.facts, *entry.route, result);
  const bool moved = ReadAgain(entry);
  if (entry.gone_from_node) return false;
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

void Collector::Hold(const Sent& sent, ContentAnswer& answer) {
  const std::string& host = entries_[sent.tag].route->hosts[sent.ask.host]->host;
  if (!answer.content || budget_.Take(host, facts::ApproximateBytes(*answer.content))) return;
  answer.content.reset();
  answer.answer.failure = hosts::Failure::kBudget;
  answer.answer.failure_detail = "sent more content than tagdrift holds of one host at a time";
}

void Collector::TakeReply(std::uint64_t ticket, registry::Reply reply) {
  auto node = sent_.extract(ticket);
  if (node.empty()) return;
  const Sent& sent = node.mapped();
  const std::string& host = entries_[sent.tag].route->hosts[sent.ask.host]->host;
  waiting_(host, --open_[host]);
  if (sent.shared_key.empty()) {
    Entry& entry = entries_[sent.tag];
    entry.under_way.erase(sent.ask);
    entry.facts.answers.insert_or_assign(sent.ask, std::move(reply.answer));
    Advance(sent.tag);
    return;
  }
  ContentAnswer answer = ReadContentReply(sent.ask, std::move(reply));
  Hold(sent, answer);
  if (answer.content && !std::holds_alternative<facts::NotThere>(*answer.content)) {
    shared_.delivered.Put(sent.ask, *answer.content);
  }
  for (const SharedAnswers::Waiter& waiter : shared_answers_.Put(sent.shared_key, answer)) {
    Entry& entry = entries_[waiter.tag];
    entry.under_way.erase(waiter.ask);
    entry.facts.answers.insert_or_assign(waiter.ask, answer.answer);
    if (answer.content) entry.facts.fetched.insert_or_assign(*waiter.ask.digest, *answer.content);
    Advance(waiter.tag);
  }
}

void Collector::GiveUp() {
  out_of_time_ = true;
  stopped_ = context_.stop.stop_requested();
  // The last look at the node is still taken, and bounded.
  context_ = CallContext{}.Within(shared_.clock.Steady(), kLastLook);
  sent_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    for (const judge::HostQuery& ask : std::exchange(entry.under_way, {})) {
      // The first look's answer stands where the second one did not come in time.
      const auto first = entry.facts.first_answers.find(ask.host);
      const bool second = ask.kind == judge::QueryKind::kTag && first != entry.facts.first_answers.end();
      entry.facts.answers.insert_or_assign(ask, second ? first->second : NoAnswer());
    }
    Advance(i);
  }
}

hosts::Answer Collector::NoAnswer() const {
  hosts::Answer answer;
  answer.failure = hosts::Failure::kDeadline;
  answer.failure_detail = stopped_ ? "stopped before it answered" : "no answer within the time given (--timeout)";
  return answer;
}

}  // namespace tagdrift::agent
