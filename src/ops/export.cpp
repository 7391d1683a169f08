// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flatten.hpp"
#include "ops/oci/manifest_tree.hpp"
#include "ops/places/oci_open.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/ops/export.hpp>

namespace regctl::ops {

namespace {

void export_v1(Session& session, const Place& place, const ExportOptions& options, Sink& tar) {
  if (options.platform) {
    throw Error(ErrorKind::usage, "an image of protocol v1 is for one platform",
                "leave out --platform");
  }
  const auto repository = open_repository(session, place);
  const auto selected = select_images(*repository, place, Select::one).front();
  const auto chain = read_chain(session, *repository, selected.id);
  std::vector<FlatLayer> layers;
  for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
    layers.push_back({[&, &image = member->image]() -> std::unique_ptr<Source> {
                        return repository->open_layer(image, options.check);
                      },
                      "layer " + short_id(member->image.id)});
  }
  flatten(layers, tar);
}

/// The manifest of the image that a place names, never that of an index.
oci::Manifest read_image(OciPlace& from, const ExportOptions& options) {
  const auto selected = select_oci_image(from);
  auto document = from.repository->read_manifest(selected.name);
  if (!document) {
    throw_no_oci_image(*from.repository, selected.name);
  }
  auto root = to_node(*std::move(document), from.repository->describe());
  std::vector<oci::Platform> platforms;
  if (options.platform) {
    platforms = {*options.platform};
  } else if (root.manifest.kind == oci::Manifest::Kind::index) {
    platforms = {oci::Platform::host()};
  }
  return narrow(*from.repository, std::move(root), platforms).manifest;
}

void export_oci(Session& session, const Place& place, const ExportOptions& options, Sink& tar) {
  if (options.check == LayerCheck::none) {
    throw Error(ErrorKind::unsupported, "the layers of OCI images are always verified",
                "leave out --no-verify");
  }
  auto from = open_oci(session, place, Use::read);
  auto image = read_image(from, options);
  check_has_files(image, place.to_string());
  std::vector<FlatLayer> layers;
  for (auto& layer : image.layers) {
    if (image.kind == oci::Manifest::Kind::schema1) { // which tells no sizes
      layer.size_bytes = from.repository->find_blob(layer.digest).value_or(0);
    }
    layers.push_back(
        {[&] { return from.repository->open_blob(layer); }, "layer " + layer.digest.short_hex()});
  }
  flatten(layers, tar);
}

} // namespace

void export_image(Session& session, const Place& place, const ExportOptions& options, Sink& tar) {
  if (holds_oci_alone(session, place)) {
    export_oci(session, place, options, tar);
  } else {
    export_v1(session, place, options, tar);
  }
}

} // namespace regctl::ops
