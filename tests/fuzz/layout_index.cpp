// SPDX-License-Identifier: Apache-2.0
#include "formats/oci_layout/layout_index.hpp"

#include "fuzz/fuzz.hpp"

#include <regctl/base/error.hpp>

#include <stdexcept>

/// Whatever is taken can be looked up, changed and read again.
void fuzz(const std::string& input) {
  const auto index = regctl::LayoutIndex::parse(input, "input");
  for (const auto& entry : index.entries()) {
    try {
      static_cast<void>(index.find(entry.tag));
    } catch (const regctl::Error& error) {
      if (error.kind() != regctl::ErrorKind::usage) { // several have the name
        throw std::logic_error(error.message());
      }
    }
  }
  regctl::LayoutIndexEditor editor(input, "input");
  const regctl::oci::Descriptor manifest{"", regctl::oci::Digest::of("x"), 1};
  try {
    editor.set_tags({{"1", manifest}});
  } catch (const regctl::Error&) {
    editor.remove_manifest(manifest.digest);
  }
  editor.add({manifest});
  const auto changed = regctl::LayoutIndex::parse(editor.print(), "input");
  if (changed.find(manifest.digest) == nullptr) {
    throw std::logic_error("a manifest was lost");
  }
}
