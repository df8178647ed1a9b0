#pragma once

#include <string>
#include <string_view>

#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/registry_host.h"

/// What is known of products that mirror images, and of programs that write containerd's files.
namespace tagdrift::report {

/// How a mirror of this kind comes to ask its upstream about a tag again. Without a full stop.
std::string HowToPurge(hosts::Product product);

/// Which program writes `file` anew, and what has to be changed instead; empty where nothing gives that away. `host` is
/// the entry concerned, if any, `runtime_version` containerd's own word ("1.7.24+bottlerocket").
std::string WhoWrites(std::string_view file, std::string_view runtime_version, const hosts::RegistryHost* host,
                      hosts::Product product);

}  // namespace tagdrift::report
