"""More data: drawn digits, texts, tables, MNIST."""
