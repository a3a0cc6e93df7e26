-- stddev
-- engine: duckdb

SELECT round(stddev_samp(riders), 6), round(var_pop(riders), 6) FROM trips

-- rows of all
-- [1.386616,1.920567]
-- rows of newest
-- [1.396712,1.947143]
