-- epoch
-- engine: duckdb

SELECT max(epoch_ms(started)), min(epoch_ms(started)) FROM trips

-- rows of all
-- [1772667098000,1772323200000]
-- rows of newest
-- [1772666943000,1772324048000]
