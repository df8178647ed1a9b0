#pragma once

#include <map>
#include <string>
#include <vector>

namespace tagdrift::lab {

/// Bytes with a name, as a registry keeps them.
struct Blob {
  std::string media_type;
  std::string digest;
  std::string bytes;
};

/// An image as pushed under a tag: a manifest with its config and layers, or an index with its manifests.
struct Artifact {
  Blob document;                    ///< the manifest or index
  std::vector<Blob> blobs;          ///< a manifest's config and layers
  std::vector<Artifact> manifests;  ///< an index's entries
  std::string architecture;         ///< of a manifest

  const std::string& digest() const { return document.digest; }
  /// Config digest of a manifest: the CRI's image id.
  const std::string& image_id() const { return blobs.at(0).digest; }
};

/// What an image shall be. Equal specs give equal digests.
struct ImageSpec {
  std::string text = {};                                ///< content of /version, and what a container of it prints
  std::string created = "2024-01-01T00:00:00Z";         ///< of the config; empty: it says nothing
  std::string architecture = NodeArchitecture();        ///< "amd64", "arm64"
  std::map<std::string, std::string> annotations = {};  ///< of the manifest: other bytes, same image
  bool runnable = false;                                ///< with a shell, so that a container can run
  int more_layers = 0;                                  ///< of 64 KiB, which only images of the same text share

  static std::string NodeArchitecture();
};

Artifact MakeImage(const ImageSpec& spec);

/// An index over `manifests`, in that order; `annotations` make other bytes over the same images.
Artifact MakeIndex(const std::vector<Artifact>& manifests, const std::map<std::string, std::string>& annotations = {});

/// An architecture that this node is not.
std::string OtherArchitecture();

/// A tar archive in OCI image layout that `ctr images import` brings into a node under `name`.
std::string ImageLayout(const std::string& name, const Artifact& artifact);

}  // namespace tagdrift::lab
