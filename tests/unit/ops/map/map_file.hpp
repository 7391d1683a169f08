// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"

#include <regctl/base/json.hpp>
#include <regctl/ops/map/map_line.hpp>

#include <fstream>
#include <memory>
#include <string>

namespace regctl::test {

/// A file with the lines of a map.
class MapFile {
public:
  void add(const ops::MapLine& line) {
    std::ofstream(name(), std::ios::app) << to_json(line).dump() << '\n';
  }

  /// A tag of old:5000 that is in new:5000/legacy/ now, of two images.
  static ops::MapLine made(const std::string& repository, const std::string& tag) {
    ops::MadeImage made{std::string(64, 'b'), "a manifest's type",
                        oci::Digest::of(repository + ":" + tag), oci::Digest::of("config")};
    made.layers.push_back({std::string(64, 'a'),
                           {"sha256:" + std::string(64, '1')},
                           "sha256:" + std::string(64, 'd'),
                           oci::Descriptor{"a layer's type", oci::Digest::of("layer"), 5}});
    made.layers.push_back({std::string(64, 'b'), {}});
    auto line = failed(repository, tag);
    line.outcome = "copied";
    line.made = std::make_shared<const ops::MadeImage>(std::move(made));
    return line;
  }

  /// One that is not there.
  static ops::MapLine failed(const std::string& repository, const std::string& tag) {
    return {"docker://old:5000",
            "docker://new:5000/legacy/",
            repository,
            "legacy/" + repository,
            tag,
            "failed",
            std::string(64, 'b')};
  }

  [[nodiscard]] std::string name() const { return (folder_ / "map").string(); }

private:
  TemporaryFolder folder_;
};

} // namespace regctl::test
