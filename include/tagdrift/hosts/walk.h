#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/containerd_version.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::hosts {

/// Why containerd's walk passed a host, or stopped at it.
enum class WalkReason {
  kAccepted,        ///< its digest is taken
  kNoCapability,    ///< not asked: lacks pull or resolve
  kNotFound,        ///< 404, next host
  kStatus,          ///< another 4xx or 5xx, next host
  kTransport,       ///< no HTTP answer, next host
  kTooLarge,        ///< manifest above containerd's limit, next host (which then cannot name the digest any more)
  kInvalidDigest,   ///< the digest header does not parse: the pull ends
  kRedirect,        ///< a 3xx that leads nowhere: the pull ends
  kFollowUpFailed,  ///< the GET after a HEAD without digest failed: the pull ends
  kWrongContent,    ///< not the digest or size it was asked by, broken off, or a schema 1 manifest: the pull ends
  kDenied,          ///< a challenge that tagdrift could not meet but the kubelet might: nothing follows from it
  kNotConcluded,    ///< tagdrift refused, or ran out of time: nothing follows from it
};

/// What is asked below a repository.
enum class Endpoint { kManifests, kBlobs };

struct WalkStep {
  std::size_t host;  ///< index into RegistryConfig::hosts
  WalkReason why;
  std::optional<int> status;  ///< of the answer that decided
  Endpoint endpoint = Endpoint::kManifests;
};

/// Whose pull is forecast.
enum class Puller {
  kWithCredentials,  ///< one with the credentials that tagdrift had
  kAnonymous,        ///< one without any: a host that challenged beyond an anonymous token refuses it
};

struct Needs {
  std::size_t host;  ///< the answer of this host is needed to go on
  Endpoint endpoint = Endpoint::kManifests;
};
struct Resolved {
  std::size_t host;
  image::Digest digest;
  /// As the host said. What is neither manifest nor index is fetched from `blobs/` and fails the pull in the end.
  std::string media_type;
  /// The digest is of an error page (before 2.3 the status of the follow-up GET is not looked at): the fetch will fail.
  bool is_error_page = false;
  /// What the content will be held against when it is fetched. After a manifest that was too large, it is another
  /// host's than `digest` is.
  std::int64_t size = 0;
};
struct Fails {
  std::string error;  ///< as containerd would print it
};
struct Undecided {
  std::size_t host;  ///< 0 where no host is concerned
  std::string reason;
};

struct Resolution {
  std::vector<WalkStep>
      steps;  ///< in containerd's order, hosts without the capability included, up to where it stopped
  std::variant<Needs, Resolved, Fails, Undecided> end;
};

/// Looks up a recorded answer by host index; null when that host has not been asked.
using AnswerOf = std::function<const Answer*(std::size_t host)>;

/// containerd's walk to find the digest of a tag (containerd's resolver): hosts with pull and resolve in order, the
/// first 2xx decides. Pure: driven again after each new answer until it no longer needs one. `reference` is
/// "registry/repository:tag", for the error text. `answer` is each host's answer to a HEAD of the tag, with the GET
/// that containerd would send after it in Answer::get. Where `config` has an error or is unknown, no host is looked at
/// and the end says so.
Resolution ResolveTag(const RegistryConfig& config, ContainerdVersion version, Puller puller,
                      const std::string& reference, const AnswerOf& answer);

/// containerd's walk to resolve "registry/repository@digest": hosts with pull in order under `manifests/`, then, where
/// this version does so, under `blobs/` (whose answer makes `application/octet-stream` the media type). The digest a
/// host names is not compared with the one asked.
Resolution ResolveDigest(const RegistryConfig& config, ContainerdVersion version, Puller puller,
                         const std::string& reference, const image::Digest& digest, const AnswerOf& manifest_answer,
                         const AnswerOf& blob_answer);

/// containerd's walk to fetch content by digest (containerd's fetcher): every host in order whatever its capabilities,
/// error status or transport error goes on, the first 2xx ends: with the right bytes, or failing the pull. `answer` is
/// each host's answer to a GET of `digest`. `size` is what the descriptor says (Resolved::size), nothing where it is
/// not known.
Resolution Fetch(const RegistryConfig& config, Puller puller, const image::Digest& digest, const AnswerOf& answer,
                 std::optional<std::int64_t> size = std::nullopt);

}  // namespace tagdrift::hosts
