#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "artifact.h"
#include "containerd.h"

namespace tagdrift::lab {

/// How one kind of request is answered.
struct Behaviour {
  enum class Kind {
    kServe,         ///< the content
    kStatus,        ///< `status`
    kRedirect,      ///< `status` to where the content is
    kRedirectLoop,  ///< to itself
    kReset,         ///< the connection is reset
    kCut,           ///< the body is not sent to its end
    kOversize,      ///< more than containerd takes for a manifest
    kOther,         ///< other bytes than those asked for
  };
  enum class DigestHeader { kRight, kAbsent, kInvalid, kNowhere, kOther };
  enum class Length { kRight, kAbsent, kWrong };

  Kind kind = Kind::kServe;
  int status = 0;
  DigestHeader digest = DigestHeader::kRight;
  Length length = Length::kRight;
  std::string media_type = {};  ///< empty: the right one; "-": no Content-Type
  bool slow = false;

  std::string Text() const;
};

/// Who may ask at all.
struct Door {
  enum class Kind {
    kOpen,
    kToken,           ///< a token, for the asking
    kTokenRefused,    ///< the token server answers `status`
    kTokenUnusable,   ///< it answers without a token
    kTokenNotEnough,  ///< a token, and 401 all the same
    kTokenForbidden,  ///< a token, and 403 all the same
    kNoRealm,         ///< a Bearer challenge that names no token server
    kBasic,           ///< a Basic challenge
    kUnnamed,         ///< 401 without a challenge
  };
  Kind kind = Kind::kOpen;
  int status = 0;
  bool content_only = false;  ///< the tag's HEAD is open to all

  std::string Text() const;
};

/// One registry host of a scenario.
struct ScriptedHost {
  bool listens = true;
  std::string artifact;  ///< name of what the tag is here, in Images
  Door door;
  Behaviour head;       ///< of the tag
  Behaviour get;        ///< of the tag
  Behaviour documents;  ///< manifests and indexes by digest
  Behaviour configs;    ///< image configs by digest

  std::string Text() const;
};

/// One registry, the hosts that containerd asks on its behalf, and what the node has cached.
struct Scenario {
  std::uint64_t number = 0;
  std::string cached;  ///< name of what the tag was when it was pulled, in Images
  std::string repository;
  /// Hosts of this process, by number.
  std::vector<ScriptedHost> hosts;
  enum class Last { kServer, kOwnName, kUnknownName } last = Last::kServer;
  struct Table {
    std::size_t host;
    std::string capabilities;  ///< empty: not written
    bool skip_verify = false;
  };
  std::vector<Table> tables;
  std::string server_capabilities;

  /// The mark of its artifacts. A group of scenarios shares them, so that some are on the node already when the next
  /// one comes; but what was not delivered whole or right stays behind in containerd and would spoil another scenario's
  /// pull.
  std::string Mark() const;

  std::string Text() const;
};

/// The images of scenarios, by name.
struct NamedArtifact {
  std::string name;
  Artifact artifact;
};

/// Equal marks give equal artifacts.
std::vector<NamedArtifact> MakeArtifacts(const std::string& mark);

constexpr std::uint64_t kGroupSize = 8;
constexpr std::size_t kMostHosts = 4;

/// The scenario of that number: always the same.
Scenario MakeScenario(std::uint64_t number);

}  // namespace tagdrift::lab
