#include "deliveries.h"

#include <utility>

#include "shared_answers.h"

namespace tagdrift::agent {

std::vector<std::size_t> Deliveries::PullHosts() const {
  std::vector<std::size_t> hosts;
  for (std::size_t i = 0; i < route_.config.hosts.size(); ++i) {
    if (route_.same_requests_as[i] == i && route_.hosts[i]->capabilities.Has(hosts::Capability::kPull))
      hosts.push_back(i);
  }
  return hosts;
}

registry::Reply Deliveries::Ask(std::size_t host, const image::Digest& digest, const std::string& media_type,
                                registry::Question question) {
  registry::Request request;
  request.host = route_.hosts[host];
  request.registry = reference_.registry();
  request.repository = reference_.repository();
  request.object = digest.text();
  request.media_type = media_type;
  request.question = question;
  const std::uint64_t ticket = next_ticket_++;
  client_.Send(ticket, std::move(request));
  while (auto reply = client_.Receive(deadline_, stop_)) {
    if (reply->first == ticket) return std::move(reply->second);
  }
  registry::Reply none;
  none.answer.failure = hosts::Failure::kDeadline;
  none.answer.failure_detail = "no answer within the time given (--timeout)";
  return none;
}

std::optional<Fetched> Deliveries::FetchFrom(std::size_t host, const image::Digest& digest, std::string media_type,
                                             bool is_config, hosts::Answer& answer) {
  // A registry denies that it has a manifest of a type that the request does not accept, so the type is asked first.
  if (!is_config && media_type.empty()) {
    answer = Ask(host, digest, "", registry::Question::kResolve).answer;
    if (answer.failure != hosts::Failure::kNone || answer.status != 200) return std::nullopt;
    media_type = answer.content_type;
  }
  const judge::HostQuery ask{host, is_config ? judge::QueryKind::kConfig : judge::QueryKind::kManifest, digest,
                             media_type};
  const auto question = is_config ? registry::Question::kBlob : registry::Question::kManifest;
  ContentAnswer brought = ReadContentReply(ask, Ask(host, digest, media_type, question));
  answer = brought.answer;
  if (!brought.content) return std::nullopt;
  return Fetched{*std::move(brought.content), answer.get->size};
}

std::optional<Fetched> Deliveries::Fetch(const image::Digest& digest, const std::string& media_type, bool is_config) {
  std::vector<std::size_t> hosts = PullHosts();
  if (route_.origin && *route_.origin >= route_.config.hosts.size()) hosts.push_back(*route_.origin);
  hosts::Answer ignored;
  for (const std::size_t host : hosts) {
    if (auto fetched = FetchFrom(host, digest, media_type, is_config, ignored)) return fetched;
  }
  return std::nullopt;
}

std::vector<judge::Delivery> Deliveries::Of(const image::Digest& digest) {
  std::vector<judge::Delivery> deliveries;
  for (const std::size_t host : PullHosts()) {
    judge::Delivery delivery{.host = host};
    delivery.has_it = FetchFrom(host, digest, "", false, delivery.answer).has_value();
    deliveries.push_back(std::move(delivery));
    if (deliveries.back().has_it) break;
  }
  return deliveries;
}

}  // namespace tagdrift::agent
