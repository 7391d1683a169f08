// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/file.hpp>
#include <regctl/formats/v1_image_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace regctl::server {

/// The bytes of a layer that is being written, for clients that get them meanwhile. A tree in a
/// bucket cannot give them back before the layer is complete: then a nameless temporary file has
/// them too. One thread writes; any thread may open.
class ReadableLayer {
public:
  /// Throws Error{local_io} if such a file is needed and cannot be created.
  explicit ReadableLayer(V1Storage::ImageWriter::Layer& layer);

  void write(std::span<const std::byte> bytes);

  /// Opens the bytes from the first one on; the caller reads no more of them than were written.
  /// What it opens may outlive this and the layer.
  [[nodiscard]] const OpenSource& open() const noexcept { return open_; }

  /// All bytes once more, after the last write(), also when the layer is gone.
  [[nodiscard]] std::unique_ptr<Source> reread() const;

private:
  V1Storage::ImageWriter::Layer& layer_;
  OpenSource open_;
  std::shared_ptr<const FileDescriptor> copy_; ///< null if the tree gives the bytes
  std::uint64_t size_bytes_ = 0;
};

} // namespace regctl::server
