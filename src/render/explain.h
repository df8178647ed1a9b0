#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "containers.h"
#include "tagdrift/v1/report.pb.h"

/// The parts of an explanation.
namespace tagdrift::render {

/// A tag with what the report says around it.
struct Explained {
  const v1::TagReport& tag;
  Containers containers;               ///< that asked for it; some count nowhere (ContainerReport::decides)
  const v1::RegistryReport* registry;  ///< null where nothing is said of it
};

/// What is wrong, or that nothing is, in at most 80 characters.
std::string Answer(const Explained& explained);
std::string PodAnswer(const v1::NodeReport& report);

/// The digests and image ids, one below the other.
std::string DigestsText(const Explained& explained, std::size_t width);

/// Every host in containerd's order, and the operator's origin, with its answer.
std::string HostsText(const Explained& explained, std::size_t width);
/// containerd's walk over them in words.
std::string WalkText(const v1::TagReport& tag, std::size_t width);
/// Who asks for credentials, and where there are some.
std::string CredentialsText(const v1::TagReport& tag, std::size_t width);

/// host:port of a URL.
std::string_view HostOf(std::string_view url);
/// What is known of a digest of the tag; null where nothing was read.
const v1::ImageContent* ImageOf(const v1::TagReport& tag, const std::string& digest);

}  // namespace tagdrift::render
