"""What leaves the archive for other programs: WACZ files, BagIt bags, WARCs with chosen records."""
