#include "content_fetcher.h"

#include <utility>

#include "shared_answers.h"

namespace tagdrift::agent {

std::vector<std::size_t> ContentFetcher::PullHosts() const {
  std::vector<std::size_t> hosts;
  for (std::size_t i = 0; i < route_.config.hosts.size(); ++i) {
    if (route_.same_requests_as[i] == i && route_.hosts[i]->capabilities.Has(hosts::Capability::kPull))
      hosts.push_back(i);
  }
  return hosts;
}

registry::Reply ContentFetcher::Ask(std::size_t host, const image::Digest& digest, const std::string& media_type,
                                    registry::Question question) {
  const std::uint64_t ticket = next_ticket_++;
  batch_.Send(ticket, {.host = route_.hosts[host],
                       .registry = reference_.registry(),
                       .repository = reference_.repository(),
                       .object = digest.text(),
                       .media_type = media_type,
                       .question = question});
  if (auto reply = batch_.Receive()) return std::move(reply->second);
  registry::Reply none;
  none.answer.failure = hosts::Failure::kDeadline;
  none.answer.failure_detail = "no answer within the time given (--timeout)";
  return none;
}

const ContentFetcher::HostAnswer& ContentFetcher::FetchFrom(std::size_t host, const image::Digest& digest,
                                                            const std::string& media_type, bool is_config) {
  const auto [entry, is_new] = asked_.try_emplace({host, digest, is_config});
  if (is_new) entry->second = AskForContent(host, digest, media_type, is_config);
  return entry->second;
}

ContentFetcher::HostAnswer ContentFetcher::AskForContent(std::size_t host, const image::Digest& digest,
                                                         std::string media_type, bool is_config) {
  // A registry denies that it has a manifest of a type that the request does not accept, so the type is asked first.
  if (!is_config && media_type.empty()) {
    hosts::Answer answer = Ask(host, digest, "", registry::Question::kResolve).answer;
    if (answer.failure != hosts::Failure::kNone || answer.status != 200) return {.answer = std::move(answer)};
    media_type = answer.content_type;
  }
  const judge::HostQuery ask{host, is_config ? judge::QueryKind::kConfig : judge::QueryKind::kManifest, digest,
                             media_type};
  const auto question = is_config ? registry::Question::kBlob : registry::Question::kManifest;
  ContentAnswer brought = ReadContentReply(ask, Ask(host, digest, media_type, question));
  HostAnswer result{.answer = std::move(brought.answer)};
  if (!brought.content) return result;
  result.fetched = Fetched{*std::move(brought.content), result.answer.get->size};
  return result;
}

std::optional<Fetched> ContentFetcher::Fetch(const image::Digest& digest, const std::string& media_type,
                                             bool is_config) {
  std::vector<std::size_t> hosts = PullHosts();
  if (route_.origin && *route_.origin >= route_.config.hosts.size()) hosts.push_back(*route_.origin);
  for (const std::size_t host : hosts) {
    if (const HostAnswer& answer = FetchFrom(host, digest, media_type, is_config); answer.fetched) {
      return answer.fetched;
    }
  }
  return std::nullopt;
}

std::vector<judge::Delivery> ContentFetcher::DeliveriesOf(const image::Digest& digest) {
  std::vector<judge::Delivery> deliveries;
  for (const std::size_t host : PullHosts()) {
    const HostAnswer& answer = FetchFrom(host, digest, "", false);
    deliveries.push_back({.host = host, .has_it = answer.fetched.has_value(), .answer = answer.answer});
    if (deliveries.back().has_it) break;
  }
  return deliveries;
}

}  // namespace tagdrift::agent
