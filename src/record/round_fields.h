#pragma once

#include <memory>
#include <vector>

#include "archive.h"
#include "host_fields.h"
#include "image_fields.h"
#include "node_fields.h"
#include "tagdrift/facts/tag_history.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/record/history_file.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/report/round.h"

namespace tagdrift::record {

void Fields(auto& archive, Of<facts::ServedDigest> auto& served) {
  archive("digest", served.digest);
  archive("first_seen", served.first_seen);
  archive("last_seen", served.last_seen);
}

void Fields(auto& archive, Of<facts::TagHistory> auto& history) {
  archive("origin_served", history.origin_served);
  archive("drift_first_seen", history.drift_first_seen);
}

void Fields(auto& archive, Of<HistoryKey> auto& key) {
  archive("reference", key.reference);
  archive("origin", key.origin);
}

void Fields(auto& archive, Of<RememberedTag> auto& tag) {
  archive("history", tag.history);
  archive("last_looked", tag.last_looked);
}

void Fields(auto& archive, Of<judge::HostQuery> auto& query) {
  archive("host", query.host);
  archive("kind", query.kind);
  archive("digest", query.digest);
  archive("media_type", query.media_type);
}

void Fields(auto& archive, Of<judge::TagFacts> auto& tag) {
  archive("image", tag.image);
  archive("answers", tag.answers);
  archive("first_answers", tag.first_answers);
  archive("stored", tag.stored);
  archive("fetched", tag.fetched);
  archive("history", tag.history);
  archive("second_look", tag.second_look);
}

void Fields(auto& archive, Of<judge::Context> auto& context) {
  archive("platform", context.platform);
  archive("has_content_store", context.has_content_store);
  archive("all_hosts", context.all_hosts);
  archive("ask_local", context.ask_local);
  archive("now", context.now);
}

/// The hosts that containerd has are those of `config`.
template <class Archive>
void Fields(Archive& archive, Of<judge::Route> auto& route) {
  archive("config", route.config);
  archive("version", route.version);
  std::vector<hosts::RegistryHost> others;
  if constexpr (!Archive::kReads) {
    for (std::size_t i = route.config.hosts.size(); i < route.hosts.size(); ++i) others.push_back(*route.hosts[i]);
  }
  archive("other_hosts", others);
  if constexpr (Archive::kReads) {
    for (const auto* hosts : {&route.config.hosts, &others}) {
      for (const hosts::RegistryHost& host : *hosts) {
        route.hosts.push_back(std::make_shared<const hosts::RegistryHost>(host));
      }
    }
  }
  archive("same_requests_as", route.same_requests_as);
  archive("origin", route.origin);
  archive("origin_source", route.origin_source);
  archive("origin_is_other_host", route.origin_is_other_host);
  archive("no_forecast", route.no_forecast);
  if constexpr (Archive::kReads) {
    bool refers = !route.origin || *route.origin < route.hosts.size();
    for (const std::size_t host : route.same_requests_as) refers = refers && host < route.hosts.size();
    if (!refers || route.same_requests_as.size() != route.hosts.size())
      archive.Fail("refers to a host that is not there");
  }
}

void Fields(auto& archive, Of<judge::Delivery> auto& delivery) {
  archive("host", delivery.host);
  archive("has_it", delivery.has_it);
  archive("answer", delivery.answer);
}

void Fields(auto& archive, Of<judge::WantedImage> auto& wanted) {
  archive("digest", wanted.digest);
  archive("media_type", wanted.media_type);
  archive("size", wanted.size);
  archive("is_index", wanted.is_index);
  archive("manifest", wanted.manifest);
  archive("config", wanted.config);
  archive("platform", wanted.platform);
  archive("unreadable", wanted.unreadable);
  archive("incomplete", wanted.incomplete);
  archive("has_digest_name", wanted.has_digest_name);
  archive("is_of_repository", wanted.is_of_repository);
  archive("missing", wanted.missing);
  archive("bytes_to_come", wanted.bytes_to_come);
  archive("layer_bytes", wanted.layer_bytes);
  archive("deliveries", wanted.deliveries);
}

/// Without the threshold, which each plan brings along.
void Fields(auto& archive, Of<judge::Disk> auto& disk) {
  archive("path", disk.path);
  archive("capacity", disk.capacity);
  archive("available", disk.available);
  archive("unknown", disk.unknown);
}

/// Without the result.
void Fields(auto& archive, Of<report::JudgedTag> auto& tag) {
  archive("facts", tag.facts);
  archive("credential_sources", tag.credential_sources);
  archive("wanted", tag.wanted);
}

void Fields(auto& archive, Of<report::PodName> auto& pod) {
  archive("namespace_name", pod.namespace_name);
  archive("name", pod.name);
}

/// Of the containers' results only which containers they are about.
template <class Archive>
void Fields(Archive& archive, Of<report::Round> auto& round) {
  archive("node", round.node);
  archive("settings", round.settings);
  archive("checked_at", round.checked_at);
  archive("rules", round.rules);
  archive("routes", round.routes);
  archive("tags", round.tags);
  archive("asked_for", round.asked_for);
  std::vector<std::size_t> containers;
  if constexpr (!Archive::kReads) {
    for (const judge::ContainerResult& result : round.containers) containers.push_back(result.request.container);
  }
  archive("containers", containers);
  if constexpr (Archive::kReads) {
    for (const std::size_t index : containers) {
      if (index >= round.node.containers.size()) archive.Fail("refers to a container that is not there");
      round.containers.push_back({.request = {.container = index}});
    }
  }
  archive("tags_on_node", round.tags_on_node);
  archive("credential_hosts", round.credential_hosts);
  archive("pod", round.pod);
  archive("similar_names", round.similar_names);
  archive("sandbox_image", round.sandbox_image);
  archive("disk", round.disk);
}

void Fields(auto& archive, Of<report::Invocation> auto& invocation) {
  archive("program", invocation.program);
  archive("options", invocation.options);
}

void Fields(auto& archive, Of<Recording> auto& recording) {
  archive("tagdrift", recording.tagdrift);
  archive("invocation", recording.invocation);
  archive("patterns", recording.patterns);
  archive("round", recording.round);
}

}  // namespace tagdrift::record
