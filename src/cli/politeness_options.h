#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "tagdrift/registry/client.h"

namespace tagdrift::cli {

/// How registries are asked, and as whom.
struct PolitenessOptions {
  registry::Politeness politeness;
  std::string contact;  ///< a URL or an address, for whoever reads the registry's log
};

void AddPolitenessOptions(CLI::App& command, PolitenessOptions& options);

/// "tagdrift/1.0 (+CONTACT)".
std::string UserAgent(const PolitenessOptions& options);

}  // namespace tagdrift::cli
