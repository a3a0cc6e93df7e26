-- riders 3 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 3 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",24,"289.07",28.3335]
-- ["Berlin",16,"424.65",2.5]
-- ["Kyiv",20,"268.39",29.9359]
-- ["Lima",11,"124.57",21.0007]
-- ["Oslo",20,"381.85",29.3009]
-- ["Paris",19,"429.82",27.4178]
-- ["Quito",24,"439.48",26.5566]
-- ["São Paulo",29,"479.67",27.3996]
-- ["Zürich",16,"229.15",29.9428]
-- [null,12,"212.47",17.1978]
-- rows of newest
-- ["Accra",14,"190.06",28.3335]
-- ["Berlin",8,"130.79",2.5]
-- ["Kyiv",13,"182.21",29.9359]
-- ["Lima",8,"106.58",16.5766]
-- ["Oslo",15,"286.57",25.3697]
-- ["Paris",15,"298.35",26.9895]
-- ["Quito",17,"371.5",26.5566]
-- ["São Paulo",13,"278.27",27.3996]
-- ["Zürich",11,"162.49",29.9428]
-- [null,7,"86.78",17.1978]
