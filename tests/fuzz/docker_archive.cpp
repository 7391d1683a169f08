// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/formats/docker_archive.hpp>

void fuzz(const std::string& input) {
  const auto archive = regctl::DockerArchive::read(regctl::make_text_source(input), "input");
  const auto repository = archive->repository();
  for (const auto& [tag, id] : repository->tags()) {
    const auto ancestry = repository->ancestry(*id);
    const auto image = repository->find_image(*id);
    if (image) {
      regctl::drain(*repository->open_layer(*image, regctl::LayerCheck::verify));
    }
  }
}
