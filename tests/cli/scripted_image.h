#pragma once

#include <map>
#include <string>

namespace tagdrift::cli {

/// An image of one layer, as registries and nodes keep it.
struct ScriptedImage {
  std::string digest;         ///< of the manifest
  std::string id;             ///< of the config
  std::string layer;          ///< digest
  std::string unpacked;       ///< key of the layer's snapshot
  std::string manifest_type;  ///< media type
  std::map<std::string, std::string> blobs;
};

/// For this machine's platform. `created` as in "2024-01-01T00:00:00Z".
ScriptedImage MakeScriptedImage(const std::string& text, const std::string& created);

}  // namespace tagdrift::cli
