-- riders 1 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 1 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",30,"658.71",29.9056]
-- ["Berlin",11,"143.82",15.9438]
-- ["Kyiv",20,"404.01",29.696]
-- ["Lima",19,"217.03",24.1286]
-- ["Oslo",21,"225.88",29.4415]
-- ["Paris",26,"433.34",24.9086]
-- ["Quito",19,"366.68",2.5]
-- ["São Paulo",20,"339.73",27.9117]
-- ["Zürich",13,"180.82",23.6971]
-- [null,6,"58.64",2.5]
-- rows of newest
-- ["Accra",19,"399.93",29.6159]
-- ["Berlin",5,"36.26",1]
-- ["Kyiv",10,"174.8",29.4257]
-- ["Lima",13,"155.03",24.1286]
-- ["Oslo",11,"123.36",29.4415]
-- ["Paris",19,"345.34",24.9086]
-- ["Quito",11,"203.25",2.5]
-- ["São Paulo",8,"166.93",21.8349]
-- ["Zürich",6,"84.42",23.6971]
-- [null,4,"36.15",2.5]
