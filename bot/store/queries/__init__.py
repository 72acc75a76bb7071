"""The SQL: one function for each question, inside a transaction that :class:`bot.store.sql.SqlStore` opens."""
